/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tables. Adding a setting is: its row here, its place in the enum, its use in resolve.c, its
 * paragraph in the manual and its line in conf/; test-settings says what has been forgotten. */

#include "config/settings.h"

#include "config/config.h"
#include "config/value.h"

#define BLANK " \t"

#define KEY_TYPES "ec-p256, ec-p384, rsa-2048, rsa-3072, rsa-4096"
#define SPAN "a number with one of min, h, d, w behind it, such as 12h; ten years at most"
#define UNITS "whole names of units, such as nginx.service"
#define TOKEN_KEY "pkcs11:token=acme;object=example"
#define TARGET_PATH                                                                                \
        "the absolute path of a file, without blanks, quotes, \\ and %, and not "                  \
        "below " VALUE_TARGET_FORBIDDEN

/* What a certificate can have for itself and all of them can have in common. */
/* clang-format off */
#define DEFAULTS_SETTINGS \
        [DEFAULTS_CA] = { \
                "CA", "names of files in ca.d, without .conf, and https URLs of ACME directories", \
                "letsencrypt", CONFIG_CAS_MAX, value_check_ca, \
        }, \
        [DEFAULTS_ACCOUNT] = { \
                "Account", "a label of yours, in lower case, for an account besides the CA's first", \
                NULL, 0, value_check_account, \
        }, \
        [DEFAULTS_CONTACT] = { \
                "Contact", "mail addresses, with or without mailto: before them", \
                NULL, CONFIG_CONTACTS_MAX, value_check_contact, \
        }, \
        [DEFAULTS_TERMS_OF_SERVICE_AGREED] = { \
                "TermsOfServiceAgreed", "yes or no", \
                "no", 0, value_check_boolean, \
        }, \
        [DEFAULTS_KEY_TYPE] = { \
                "KeyType", "one of " KEY_TYPES ", or two: one ec and one rsa", \
                "ec-p256", CONFIG_KEY_TYPES_MAX, value_check_key_type, .is_whole = true, \
        }, \
        [DEFAULTS_ACCOUNT_KEY_TYPE] = { \
                "AccountKeyType", "one of " KEY_TYPES ", ed25519", \
                "ec-p256", 0, value_check_account_key_type, \
        }, \
        [DEFAULTS_RENEW_KEY] = { \
                "RenewKey", "yes or no", \
                "yes", 0, value_check_boolean, \
        }, \
        [DEFAULTS_TRUST] = { \
                "Trust", "the absolute path of a file of PEM certificates below /etc or /usr", \
                NULL, 0, value_check_trust, \
        }, \
        [DEFAULTS_PROFILE] = { \
                "Profile", "names of profiles of the CA, of letters, digits, '.', '_' and '-'", \
                NULL, CONFIG_PROFILES_MAX, value_check_profile, \
        }, \
        [DEFAULTS_PROFILE_REQUIRED] = { \
                "ProfileRequired", "yes or no", \
                "no", 0, value_check_boolean, \
        }, \
        [DEFAULTS_PREFERRED_CHAIN] = { \
                "PreferredChain", \
                "an issuer's common name, or the SHA-256 fingerprint of a certificate", \
                NULL, 0, value_check_chain, \
        }, \
        [DEFAULTS_LIFETIME] = { \
                "Lifetime", SPAN, \
                NULL, 0, value_check_span, \
        }, \
        [DEFAULTS_BACKDATE] = { \
                "Backdate", SPAN, \
                NULL, 0, value_check_span, \
        }, \
        [DEFAULTS_CHALLENGE] = { \
                "Challenge", "types of challenges, each once, the preferred one first: http-01, tls-alpn-01, dns-01, dns-persist-01", \
                "http-01", CHALLENGE_TYPE_MAX, value_check_challenge, \
        }, \
        [DEFAULTS_EXPERIMENTAL] = { \
                "Experimental", "what may still change: dns-persist-01", \
                NULL, CHALLENGE_TYPE_MAX, value_check_experimental, \
        }, \
        [DEFAULTS_DNS_PUBLISHER] = { \
                "DNSPublisher", "the name of a file in dns.d, without .conf", \
                NULL, 0, value_check_publisher, \
        }

static const Setting defaults_settings[DEFAULTS_MAX] = {
        DEFAULTS_SETTINGS,
};

static const Setting certificate_settings[CERTIFICATE_MAX] = {
        DEFAULTS_SETTINGS,
        [CERTIFICATE_IDENTIFIERS] = {
                "Identifiers", "DNS names, in Unicode or in punycode, and IP addresses, each once",
                NULL, CONFIG_IDENTIFIERS_MAX, value_check_identifier,
        },
        [CERTIFICATE_CONSUMERS] = {
                "Consumers", UNITS ", or templates such as web@.service",
                NULL, DEPLOY_UNITS_MAX, value_check_consumer,
        },
        [CERTIFICATE_PLACEHOLDER] = {
                "Placeholder", "yes or no",
                NULL, 0, value_check_boolean,
        },
        [CERTIFICATE_CSR] = {
                "CSR", "the absolute path of a file below /etc/acme, such as /etc/acme/csr/example.org.csr",
                NULL, 0, value_check_csr,
        },
        [CERTIFICATE_DRY_RUN] = {
                "DryRun", "yes or no",
                NULL, 0, value_check_boolean,
        },
        [CERTIFICATE_KEY] = {
                "Key", "a URI of a private key in a token, such as " TOKEN_KEY,
                NULL, 0, value_check_key_uri,
        },
};

static const Setting deploy_settings[TARGET_MAX] = {
        [DEPLOY_PRIVATE_KEY] = {
                "PrivateKey", TARGET_PATH,
                NULL, 0, value_check_target_path,
        },
        [DEPLOY_BUNDLE] = {
                "Bundle", TARGET_PATH,
                NULL, 0, value_check_target_path,
        },
        [DEPLOY_PKCS12] = {
                "PKCS12", TARGET_PATH,
                NULL, 0, value_check_target_path,
        },
        [DEPLOY_CERTIFICATE] = {
                "Certificate", TARGET_PATH,
                NULL, 0, value_check_target_path,
        },
        [DEPLOY_CHAIN] = {
                "Chain", TARGET_PATH,
                NULL, 0, value_check_target_path,
        },
        [DEPLOY_FULL_CHAIN] = {
                "FullChain", TARGET_PATH,
                NULL, 0, value_check_target_path,
        },
        [TARGET_OWNER] = {
                "Owner", "a user's name or number",
                NULL, 0, value_check_user,
        },
        [TARGET_GROUP] = {
                "Group", "a group's name or number",
                NULL, 0, value_check_user,
        },
        [TARGET_MODE] = {
                "Mode", "an octal mode without bits to execute, such as 0640",
                NULL, 0, value_check_mode,
        },
        [TARGET_PKCS12_PASSWORD] = {
                "PKCS12Password", "the absolute path of a file, or the name of a system credential",
                NULL, 0, value_check_credential,
        },
        [TARGET_RELOAD] = {
                "Reload", UNITS,
                NULL, DEPLOY_UNITS_MAX, value_check_unit,
        },
        [TARGET_RESTART] = {
                "Restart", UNITS,
                NULL, DEPLOY_UNITS_MAX, value_check_unit,
        },
        [TARGET_TRY_RELOAD] = {
                "TryReload", UNITS,
                NULL, DEPLOY_UNITS_MAX, value_check_unit,
        },
        [TARGET_EXEC] = {
                "Exec", "the absolute path of a program, and its arguments",
                NULL, 0, value_check_command_line,
        },
        [TARGET_VERIFY] = {
                "Verify", "HOST:PORT, then starttls=PROTOCOL and sni=NAME where they are needed; "
                "PROTOCOL is one of smtp, imap, pop3, ftp, ldap, postgres, mysql, xmpp",
                NULL, DEPLOY_VERIFY_MAX, value_check_verify, .is_by_line = true,
        },
        [TARGET_AFTER] = {
                "After", "the label of another [Deploy] section of the same certificate",
                NULL, 0, value_check_label,
        },
};

static const Setting webroot_settings[WEBROOT_MAX] = {
        [WEBROOT_LISTEN] = {
                "Listen", "ADDRESS:PORT, [IPV6-ADDRESS]:PORT or PORT",
                "0.0.0.0:80 [::]:80", CONFIG_LISTEN_MAX, value_check_listen,
        },
        [WEBROOT_DIRECTORY] = {
                "Directory", "an absolute path",
                "/run/acme/challenges", 0, value_check_path,
        },
        [WEBROOT_STATELESS] = {
                "Stateless", "yes or no",
                "no", 0, value_check_boolean,
        },
        [WEBROOT_THUMBPRINT] = {
                "Thumbprint", "an account's thumbprint, 43 characters of base64url",
                NULL, 0, value_check_thumbprint,
        },
};

static const Setting alpn_settings[ALPN_MAX] = {
        [ALPN_LISTEN] = {
                "Listen", "ADDRESS:PORT, [IPV6-ADDRESS]:PORT or PORT",
                "0.0.0.0:443 [::]:443", CONFIG_LISTEN_MAX, value_check_listen,
        },
};

static const Setting firewall_settings[FIREWALL_MAX] = {
        [FIREWALL_KEY_MODE] = {
                "Mode", "one of auto, set, off",
                "auto", 0, value_check_firewall_mode,
        },
        [FIREWALL_KEY_SET] = {
                "Set", "FAMILY TABLE NAME, where FAMILY is one of inet, ip, ip6",
                NULL, 0, value_check_nft_set,
        },
};

static const Setting ca_settings[CA_MAX] = {
        [CA_DIRECTORY] = {
                "Directory", "the https URL of an ACME directory",
                NULL, 0, value_check_url,
        },
        [CA_ORIGINS] = {
                "Origins", "https://HOST or https://HOST:PORT",
                NULL, CONFIG_ORIGINS_MAX - 1, value_check_origin,
        },
        [CA_TRUST] = {
                "Trust", "the absolute path of a file of PEM certificates below /etc or /usr",
                NULL, 0, value_check_trust,
        },
        [CA_TERMS_OF_SERVICE_AGREED] = {
                "TermsOfServiceAgreed", "yes or no",
                NULL, 0, value_check_boolean,
        },
        [CA_STAGING] = {
                "Staging", "the name of a file in ca.d, without .conf, or an https URL of an ACME directory",
                NULL, 0, value_check_ca,
        },
        [CA_ACCOUNT_KEY] = {
                "AccountKey", "a URI of a private key in a token, such as " TOKEN_KEY ", after the label of Account= if there is one",
                NULL, CONFIG_ACCOUNT_KEYS_MAX, value_check_account_key, .is_by_line = true,
        },
};

static const Setting dns_settings[DNS_MAX] = {
        [DNS_SERVER] = {
                "Server", "HOST, HOST:PORT, or an address in place of HOST",
                NULL, 0, value_check_dns_server,
        },
        [DNS_ZONE] = {
                "Zone", "the name of a zone",
                NULL, 0, value_check_zone,
        },
        [DNS_KEY] = {
                "Key", "the absolute path of a file outside of /etc/acme, or the name of a system credential",
                NULL, 0, value_check_secret,
        },
        [DNS_PROGRAM] = {
                "Program", "the absolute path of a program, and its arguments",
                NULL, 0, value_check_command_line,
        },
        [DNS_CONVENTION] = {
                "Convention", "one of plain, dehydrated, lego",
                "plain", 0, value_check_convention,
        },
        [DNS_CREDENTIALS] = {
                "Credentials", "ID:PATH, where PATH is as in Key=",
                NULL, DNS_CREDENTIALS_MAX, value_check_dns_credential,
        },
        [DNS_PROPAGATION] = {
                "PropagationSec", "a number of seconds from 1 to 480",
                "120", 0, value_check_propagation,
        },
};
/* clang-format on */

#define SECTION(word, where, table)                                                                \
        {                                                                                          \
                .name = (word), .title = (word), .file = (where), .settings = (table),             \
                .n_settings = ELEMENTSOF(table)                                                    \
        }

const Section sections[SECTION_MAX] = {
                [SECTION_DEFAULTS] = SECTION("Defaults", CONFIG_FILE_MAIN, defaults_settings),
                [SECTION_CERTIFICATE] = SECTION("Certificate",
                                                CONFIG_FILE_CERTIFICATE,
                                                certificate_settings),
                [SECTION_DEPLOY] = {.name = "Deploy",
                                    .title = "Deploy LABEL",
                                    .is_labelled = true,
                                    .file = CONFIG_FILE_CERTIFICATE,
                                    .settings = deploy_settings,
                                    .n_settings = ELEMENTSOF(deploy_settings)},
                [SECTION_WEBROOT] = SECTION("WebRoot", CONFIG_FILE_MAIN, webroot_settings),
                [SECTION_ALPN] = SECTION("ALPN", CONFIG_FILE_MAIN, alpn_settings),
                [SECTION_FIREWALL] = SECTION("Firewall", CONFIG_FILE_MAIN, firewall_settings),
                [SECTION_CA] = SECTION("CA", CONFIG_FILE_CA, ca_settings),
                [SECTION_DNS] = SECTION("DNS", CONFIG_FILE_DNS, dns_settings),
};

const char *config_file_to_string(ConfigFile file)
{
        static const char *const names[CONFIG_FILE_MAX] = {
                        [CONFIG_FILE_MAIN] = "acme.conf",
                        [CONFIG_FILE_CERTIFICATE] = "certs/NAME.conf",
                        [CONFIG_FILE_CA] = "ca.d/NAME.conf",
                        [CONFIG_FILE_DNS] = "dns.d/NAME.conf",
        };

        return names[file];
}

const Section *section_find(const char *name)
{
        FOREACH_ARRAY (section, sections, SECTION_MAX) {
                if (streq(section->name, name))
                        return section;
        }
        return NULL;
}

const Section *section_match(const char *head, const char **ret_label)
{
        *ret_label = NULL;
        FOREACH_ARRAY (section, sections, SECTION_MAX) {
                const char *rest = startswith(head, section->name);

                if (!rest || (*rest && !(section->is_labelled && strchr(BLANK, *rest))))
                        continue;
                if (section->is_labelled)
                        *ret_label = rest + strspn(rest, BLANK);
                return section;
        }
        return NULL;
}

const Setting *setting_find(const Section *section, const char *key)
{
        FOREACH_ARRAY (setting, section->settings, section->n_settings) {
                if (streq(setting->key, key))
                        return setting;
        }
        return NULL;
}
