/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tables. Adding a setting is: its row here, its place in the enum, its use in resolve.c, its
 * paragraph in the manual and its line in conf/; test-settings says what has been forgotten. */

#include "config/settings.h"

#include "config/config.h"
#include "config/value.h"

#define KEY_TYPES "ec-p256, ec-p384, rsa-2048, rsa-3072, rsa-4096"

/* What a certificate can have for itself and all of them can have in common. */
/* clang-format off */
#define DEFAULTS_SETTINGS \
        [DEFAULTS_CA] = { \
                "CA", "the name of a file in ca.d, without .conf, or the https URL of an ACME directory", \
                "letsencrypt", 0, value_check_ca, \
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
                "KeyType", "one of " KEY_TYPES, \
                "ec-p256", 0, value_check_key_type, \
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
        }

static const Setting defaults_settings[DEFAULTS_MAX] = {
        DEFAULTS_SETTINGS,
};

static const Setting certificate_settings[CERTIFICATE_MAX] = {
        DEFAULTS_SETTINGS,
        [CERTIFICATE_IDENTIFIERS] = {
                "Identifiers", "DNS names, in Unicode or in punycode, each once",
                NULL, CONFIG_IDENTIFIERS_MAX, value_check_identifier,
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
};
/* clang-format on */

#define SECTION(title, where, table)                                                               \
        {                                                                                          \
                .name = (title), .file = (where), .settings = (table),                             \
                .n_settings = ELEMENTSOF(table)                                                    \
        }

const Section sections[SECTION_MAX] = {
                [SECTION_DEFAULTS] = SECTION("Defaults", CONFIG_FILE_MAIN, defaults_settings),
                [SECTION_CERTIFICATE] = SECTION("Certificate",
                                                CONFIG_FILE_CERTIFICATE,
                                                certificate_settings),
                [SECTION_WEBROOT] = SECTION("WebRoot", CONFIG_FILE_MAIN, webroot_settings),
                [SECTION_FIREWALL] = SECTION("Firewall", CONFIG_FILE_MAIN, firewall_settings),
                [SECTION_CA] = SECTION("CA", CONFIG_FILE_CA, ca_settings),
};

const char *config_file_to_string(ConfigFile file)
{
        static const char *const names[CONFIG_FILE_MAX] = {
                        [CONFIG_FILE_MAIN] = "acme.conf",
                        [CONFIG_FILE_CERTIFICATE] = "certs/NAME.conf",
                        [CONFIG_FILE_CA] = "ca.d/NAME.conf",
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

const Setting *setting_find(const Section *section, const char *key)
{
        FOREACH_ARRAY (setting, section->settings, section->n_settings) {
                if (streq(setting->key, key))
                        return setting;
        }
        return NULL;
}
