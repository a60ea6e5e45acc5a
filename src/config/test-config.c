/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What files say, and what it comes to. */

#include "config/account-name.h"
#include "config/test-tree.h"

static void test_config_load__nothing_but_a_name(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        config = load(d, "example.org");
        assert_string_equal(config->name, "example.org");
        assert_list(config->identifiers, "example.org");
        assert_string_equal(config->ca, "letsencrypt");
        assert_string_equal(config->account, "letsencrypt");
        assert_string_equal(config->directory, "https://ca.example/dir");
        assert_list(config->origins, "https://ca.example");
        assert_null(config->trust);
        assert_null(config->contact);
        assert_false(config->terms_of_service_agreed);
        assert_int_equal(config->key_type, KEY_TYPE_EC_P256);
        assert_int_equal(config->account_key_type, KEY_TYPE_EC_P256);
        assert_true(config->renew_key);
        assert_listen(config, "0.0.0.0:80 [::]:80");
        assert_string_equal(config->webroot_directory, "/run/acme/challenges");
        assert_int_equal(config->firewall_mode, FIREWALL_AUTO);
        assert_null(config->set_family);
        assert_null(config->warnings);
}

static void test_config_load__acme_conf_alone(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put(d,
            MAIN,
            "[Defaults]\nCA=there-is-none\n[WebRoot]\nListen=8080\nDirectory=/srv/acme/\n"
            "[Firewall]\nMode=set\nSet=inet filter acme\n");
        config = load(d, NULL);
        assert_null(config->name);
        assert_null(config->identifiers);
        assert_null(config->ca);
        assert_listen(config, "0.0.0.0:8080 [::]:8080");
        assert_string_equal(config->webroot_directory, "/srv/acme");
        assert_int_equal(config->firewall_mode, FIREWALL_SET);
        assert_string_equal(config->set_family, "inet");
        assert_string_equal(config->set_table, "filter");
        assert_string_equal(config->set_name, "acme");
}

/* Each has its own; what a file says of one does not stay for the next. */
static void test_config_load__several_cas(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d,
            "etc/acme/ca.d/own.conf",
            "[CA]\nDirectory=https://own.example/dir\nOrigins=https://b.example\n"
            "Trust=/etc/own.pem\nTermsOfServiceAgreed=no\n");
        put(d, MAIN, "[Defaults]\nTermsOfServiceAgreed=yes\nAccount=shop\n");
        put(d,
            CERTIFICATE,
            "[Certificate]\nIdentifiers=a.example\n"
            "CA=own letsencrypt https://c.example/dir\n");
        config = load(d, "www");
        assert_int_equal(config->n_cas, 3);
        assert_string_equal(config->ca, "own");
        assert_string_equal(config->account, "own@shop");
        assert_list(config->origins, "https://own.example https://b.example");
        assert_string_equal(config->trust, "/etc/own.pem");
        assert_false(config->terms_of_service_agreed);

        config_use_ca(config, 1);
        assert_string_equal(config->ca, "letsencrypt");
        assert_string_equal(config->account, "letsencrypt@shop");
        assert_string_equal(config->directory, "https://ca.example/dir");
        assert_list(config->origins, "https://ca.example");
        assert_null(config->trust);
        assert_true(config->terms_of_service_agreed);

        config_use_ca(config, 2);
        assert_string_equal(config->directory, "https://c.example/dir");
        assert_list(config->origins, "https://c.example");
        assert_int_equal(config_find_ca(config, config->ca), 2);
        assert_int_equal(config_find_directory(config, "https://own.example/dir"), 0);
        assert_int_equal(config_find_directory(config, NULL), 3);
        assert_int_equal(config_find_ca(config, "google"), 3);
}

static void test_config_load__another_account(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL, *own = NULL;

        put_ca(d);
        put(d, MAIN, "[Defaults]\nAccount=all\n");
        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=a.example\n");
        config = load(d, "www");
        assert_string_equal(config->account, "letsencrypt@all");
        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=a.example\nAccount=shop\n");
        own = load(d, "www");
        assert_string_equal(own->account, "letsencrypt@shop");
}

static void test_config_load_account__by_name(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL, *labelled = NULL, *by_url = NULL;
        ConfigError error;
        Config *none = NULL;

        put_ca(d);
        put(d, MAIN, "[Defaults]\nCA=https://ca.example/x\nAccount=all\nContact=a@example.org\n");
        assert_int_equal(config_load_account("letsencrypt", d->path, &config, &error), 0);
        config_error_done(&error);
        assert_null(config->name);
        assert_string_equal(config->ca, "letsencrypt");
        assert_string_equal(config->account, "letsencrypt");
        assert_string_equal(config->directory, "https://ca.example/dir");
        assert_list(config->contact, "mailto:a@example.org");

        assert_int_equal(config_load_account("letsencrypt@shop", d->path, &labelled, &error), 0);
        config_error_done(&error);
        assert_string_equal(labelled->account, "letsencrypt@shop");

        assert_int_equal(config_load_account("ca.example-ce3296bd41f0c165",
                                             d->path,
                                             &by_url,
                                             &error),
                         0);
        config_error_done(&error);
        assert_string_equal(by_url->directory, "https://ca.example/x");

        assert_int_equal(config_load_account("elsewhere", d->path, &none, &error),
                         CONFIG_E_INVALID);
        config_error_done(&error);
        assert_int_equal(config_load_account("../x", d->path, &none, &error), CONFIG_E_INVALID);
        config_error_done(&error);
        assert_null(none);
}

static void test_account_name_parse__table(void **state _unused_)
{
        static const struct {
                const char *name, *ca, *label;
        } rows[] = {
                        {"letsencrypt", "letsencrypt", NULL},
                        {"a.b-1@shop", "a.b-1", "shop"},
                        {"", NULL, NULL},
                        {"@shop", NULL, NULL},
                        {"ca@", NULL, NULL},
                        {"ca@a@b", NULL, NULL},
                        {"..@x", NULL, NULL},
                        {"ca/x", NULL, NULL},
                        {"CA", NULL, NULL},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *ca = NULL, *label = NULL;

                assert_row(row->name,
                           account_name_parse(row->name, &ca, &label) == (row->ca ? 0 : -EINVAL));
                assert_row(row->name, streq_ptr(ca, row->ca) && streq_ptr(label, row->label));
                assert_row(row->name, account_name_is_valid(row->name) == !!row->ca);
        }
}

static void test_config_load__everything_said(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d,
            MAIN,
            "[Defaults]\nCA=letsencrypt\nContact=a@example.org\nTermsOfServiceAgreed=yes\nKeyType="
            "rsa-2048\n"
            "AccountKeyType=ed25519\nRenewKey=no\nTrust=/etc/a.pem\n"
            "Profile=shortlived tls-server.2\nProfileRequired=yes\nPreferredChain=ISRG Root X1\n"
            "Lifetime=10d\nBackdate=1h\n"
            "[WebRoot]\nListen=192.0.2.1:80 [2001:db8::1]:80 80\n[Firewall]\nMode=off\n");
        put(d,
            "etc/acme/ca.d/own.conf",
            "[CA]\nDirectory=https://own.example/dir\nOrigins=https://b.example:8443 "
            "https://OWN.example\n");
        put(d,
            CERTIFICATE,
            "[Certificate]\nIdentifiers=www.example.org Example.ORG. b\xc3\xbc"
            "cher.example\nCA=own\nContact=b@example.org "
            "mailto:c@example.org\nTermsOfServiceAgreed=no\n"
            "KeyType=ec-p384\nAccountKeyType=rsa-4096\nRenewKey=yes\nTrust=/etc/b.pem\n"
            "Profile=classic\nProfileRequired=no\n");
        config = load(d, "www");
        assert_list(config->identifiers, "example.org www.example.org xn--bcher-kva.example");
        assert_string_equal(config->ca, "own");
        assert_string_equal(config->directory, "https://own.example/dir");
        assert_list(config->origins, "https://own.example https://b.example:8443");
        assert_list(config->contact, "mailto:b@example.org mailto:c@example.org");
        assert_false(config->terms_of_service_agreed);
        assert_int_equal(config->key_type, KEY_TYPE_EC_P384);
        assert_int_equal(config->account_key_type, KEY_TYPE_RSA_4096);
        assert_true(config->renew_key);
        assert_string_equal(config->trust, "/etc/b.pem");
        assert_list(config->profiles, "classic");
        assert_false(config->profile_required);
        assert_listen(config, "192.0.2.1:80 [2001:db8::1]:80 0.0.0.0:80 [::]:80");
        assert_int_equal(config->firewall_mode, FIREWALL_OFF);

        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=example.org\n");
        config_free(TAKE_PTR(config));
        config = load(d, "www");
        assert_list(config->contact, "mailto:a@example.org");
        assert_true(config->terms_of_service_agreed);
        assert_int_equal(config->key_type, KEY_TYPE_RSA_2048);
        assert_int_equal(config->account_key_type, KEY_TYPE_ED25519);
        assert_false(config->renew_key);
        assert_string_equal(config->trust, "/etc/a.pem");
        assert_list(config->profiles, "shortlived tls-server.2");
        assert_true(config->profile_required);
        assert_string_equal(config->preferred_chain, "ISRG Root X1");
        assert_true(config->lifetime_usec == 10 * USEC_PER_DAY);
        assert_true(config->backdate_usec == USEC_PER_HOUR);
}

static void test_config_load__two_key_types(void **state)
{
        static const struct {
                const char *value, *words;
        } refused[] = {
                        {"ec-p256 ec-p384", "two keys of one kind"},
                        {"rsa-2048 rsa-2048", "already"},
                        {"ec-p256 rsa-2048 ec-p384", "more than 2 words"},
                        {"rsa-2048 ed25519", "ed25519"},
        };
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d,
            CERTIFICATE,
            "[Certificate]\nIdentifiers=a.example\nKeyType=rsa-4096 ec-p384\n"
            "[Deploy web]\nBundle=/srv/site.pem\n");
        config = load(d, "www");
        assert_int_equal(config->n_key_types, 2);
        assert_int_equal(config->key_type, KEY_TYPE_RSA_4096);
        assert_null(config->variant);
        assert_string_equal(config->deploy[0].second_paths[DEPLOY_BUNDLE], "/srv/site.ec.pem");
        config_use_key_type(config, 1);
        assert_int_equal(config->key_type, KEY_TYPE_EC_P384);
        assert_string_equal(config->variant, "ec");

        FOREACH_ARRAY (row, refused, ELEMENTSOF(refused)) {
                char text[256];

                snprintf(text,
                         sizeof(text),
                         "[Certificate]\nIdentifiers=a.example\nKeyType=%s\n",
                         row->value);
                put(d, CERTIFICATE, text);
                expect_error(d, "www", CERTIFICATE, 3, "KeyType", row->words);
        }
        /* Another file says it anew. */
        put(d, MAIN, "[Defaults]\nKeyType=ec-p256 rsa-2048\nKeyType=ec-p384\n");
        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=a.example\n");
        config_free(TAKE_PTR(config));
        config = load(d, "www");
        assert_int_equal(config->n_key_types, 1);
        assert_int_equal(config->key_type, KEY_TYPE_EC_P384);
}

static void test_config_load__empty_assignment_falls_back(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d, MAIN, "[Defaults]\nKeyType=ec-p384\nContact=a@example.org\nTrust=/etc/a\nTrust=\n");
        put(d,
            "etc/acme/certs/example.org.conf",
            "[Certificate]\nKeyType=rsa-2048\nKeyType=\nContact=b@example.org\nContact=\n"
            "Identifiers=c.example\nIdentifiers=\n");
        config = load(d, "example.org");
        assert_int_equal(config->key_type, KEY_TYPE_EC_P384);
        assert_list(config->contact, "mailto:a@example.org");
        assert_list(config->identifiers, "example.org");
        assert_null(config->trust);
}

static void test_config_load__ca_by_url(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put(d, MAIN, "[Defaults]\nCA=https://pebble.example:14000/dir\n");
        config = load(d, "example.org");
        assert_string_equal(config->directory, "https://pebble.example:14000/dir");
        assert_true(startswith(config->ca, "pebble.example-14000-"));
        assert_list(config->origins, "https://pebble.example:14000");
}

static void test_config_load__trust(void **state)
{
        const TestDirectory *d = *state;
        Config *config;

        put(d, MAIN, "[Defaults]\nTrust=/etc/defaults\n");
        put(d, CA, "[CA]\nDirectory=https://ca.example/dir\nTrust=/etc/ca\n");
        put(d, "etc/acme/certs/b.example.conf", "[Certificate]\nTrust=/etc/certificate\n");
        config = load(d, "a.example");
        assert_string_equal(config->trust, "/etc/ca");
        config_free(config);
        config = load(d, "b.example");
        assert_string_equal(config->trust, "/etc/certificate");
        config_free(config);
        put_ca(d);
        config = load(d, "a.example");
        assert_string_equal(config->trust, "/etc/defaults");
        config_free(config);
}

/* One setting spoiled at a time; the line is always the second. */
static void test_config_load__each_setting_bad(void **state)
{
        static const struct {
                const char *file, *section, *key, *value, *words;
        } rows[] = {
                        {MAIN, "Defaults", "CA", "Lets Encrypt", "Allowed: names of files in ca.d"},
                        {MAIN,
                         "Defaults",
                         "CA",
                         "http://ca.example/",
                         "Allowed: names of files in ca.d"},
                        {MAIN, "Defaults", "Contact", "nobody", "Allowed: mail addresses"},
                        {MAIN, "Defaults", "TermsOfServiceAgreed", "perhaps", "Allowed: yes or no"},
                        {MAIN,
                         "Defaults",
                         "KeyType",
                         "ed25519",
                         "Allowed: one of ec-p256, ec-p384, rsa-2048"},
                        {MAIN, "Defaults", "KeyType", "\x80", "KeyType=\\x80 is refused"},
                        {MAIN, "Defaults", "AccountKeyType", "dsa", "rsa-4096, ed25519"},
                        {MAIN, "Defaults", "RenewKey", "2", "Allowed: yes or no"},
                        {MAIN, "Defaults", "Profile", "a/b", "no name that a profile can have"},
                        {MAIN, "Defaults", "PreferredChain", "a\xff", "printable"},
                        {MAIN, "Defaults", "Lifetime", "10", "Allowed: a number"},
                        {MAIN, "Defaults", "Backdate", "0d", "no span"},
                        {MAIN, "Defaults", "Trust", "ca.pem", "Allowed: the absolute path"},
                        {MAIN, "Defaults", "Trust", "/root/ca.pem", "below /etc or /usr"},
                        {MAIN, "WebRoot", "Listen", "80 0.0.0.0", "Listen=0.0.0.0 is refused"},
                        {MAIN, "WebRoot", "Listen", "80 80", "has 80 already"},
                        {MAIN, "WebRoot", "Directory", "/a/../b", "Allowed: an absolute path"},
                        {MAIN, "Firewall", "Mode", "nftables", "Allowed: one of auto, set, off"},
                        {MAIN, "Firewall", "Mode", "set", "Mode=set needs Set="},
                        {MAIN, "Firewall", "Set", "filter acme", "Allowed: FAMILY TABLE NAME"},
                        {CERTIFICATE, "Certificate", "Identifiers", "a.example *.b", "a wildcard"},
                        {CERTIFICATE,
                         "Certificate",
                         "Identifiers",
                         "0.0.0.0",
                         "no address of a host"},
                        {MAIN, "Defaults", "Challenge", "dns-01", "needs DNSPublisher="},
                        {MAIN, "Defaults", "DNSPublisher", "none", "there is no none.conf"},
                        {CERTIFICATE,
                         "Certificate",
                         "Identifiers",
                         "a.example A.example",
                         "has a.example already"},
                        {CERTIFICATE, "Certificate", "CA", "none", "one of letsencrypt"},
                        {CERTIFICATE, "Certificate", "Contact", "tel:1", "mailto:"},
                        {CERTIFICATE,
                         "Certificate",
                         "TermsOfServiceAgreed",
                         "y",
                         "Allowed: yes or no"},
                        {CERTIFICATE,
                         "Certificate",
                         "KeyType",
                         "EC-P256",
                         "Allowed: one of ec-p256"},
                        {CERTIFICATE, "Certificate", "AccountKeyType", "x", "ed25519"},
                        {CERTIFICATE, "Certificate", "RenewKey", "never", "Allowed: yes or no"},
                        {CERTIFICATE, "Certificate", "Trust", "/", "Allowed: the absolute path"},
                        {CA, "CA", "Directory", "http://ca.example", "Allowed: the https URL"},
                        {CA, "CA", "Origins", "https://a.example/b", "Allowed: https://HOST"},
                        {CA, "CA", "Trust", "x", "Allowed: the absolute path"},
        };
        const TestDirectory *d = *state;

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                char text[256];

                put(d, MAIN, "");
                put(d, CERTIFICATE, "[Certificate]\nIdentifiers=a.example\n");
                put_ca(d);
                config_free(load(d, "www"));
                snprintf(text, sizeof(text), "[%s]\n%s=%s\n", row->section, row->key, row->value);
                put(d, row->file, text);
                expect_error(d, "www", row->file, 2, row->key, row->words);
        }
}

/* A wildcard, and who publishes for it. */
static void test_config_load__dns(void **state)
{
        const TestDirectory *d = *state;
        Config *config;

        put_ca(d);
        put(d, MAIN, "[Defaults]\nChallenge=http-01 dns-01\nDNSPublisher=bind\n");
        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=a.example.org *.a.example.org\n");
        put(d,
            DNS,
            "[DNS]\nServer=192.0.2.1\nZone=example.org\nKey=/etc/keys/a\nPropagationSec=9\n");
        config = load(d, "www");
        assert_string_equal(config->identifiers[0], "*.a.example.org");
        assert_string_equal(config->dns->name, "bind");
        assert_string_equal(config->dns->server, "192.0.2.1:53");
        assert_string_equal(config->dns->zone, "example.org");
        assert_string_equal(config->dns->key, "/etc/keys/a");
        assert_int_equal(config->dns->propagation_sec, 9);
        assert_null(config->dns->program);
        config_free(config);

        put(d, DNS, "[DNS]\nProgram=/bin/x 'a b'\nConvention=lego\nCredentials=a:/b c:d\n");
        config = load(d, "www");
        assert_string_equal(config->dns->program[1], "a b");
        assert_string_equal(config->dns->credentials[1], "c:d");
        assert_int_equal(config->dns->convention, DNS_LEGO);
        config_free(config);

        put(d, DNS, "[DNS]\nProgram=/bin/x\nKey=/etc/keys/a\n");
        expect_error(d, "www", DNS, 0, "Program", "beside Server=, Zone= or Key=");
        put(d, DNS, "[DNS]\nServer=192.0.2.1\n");
        expect_error(d, "www", DNS, 0, "Key", "neither Key=");
        put(d, DNS, "[DNS]\nKey=/etc/acme/key\n");
        expect_error(d, "www", DNS, 2, "Key", "see this directory");
        put(d, MAIN, "[Defaults]\nDNSPublisher=bind\n");
        put(d, DNS, "[DNS]\nKey=/etc/keys/a\n");
        expect_error(d, "www", CERTIFICATE, 2, "Identifiers", "can prove *.a.example.org");
}

static void test_config_load__line_of_a_word(void **state)
{
        const TestDirectory *d = *state;

        put_ca(d);
        put(d,
            CERTIFICATE,
            "[Certificate]\nIdentifiers=a.example \\\n # b\n  c.example \\\n *.d "
            "e.example\n");
        expect_error(d, "www", CERTIFICATE, 5, "Identifiers", "wildcard");
        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=\\\n *.d\n");
        expect_error(d, "www", CERTIFICATE, 3, "Identifiers", "wildcard");
        put(d, CERTIFICATE, "[Certificate]\nIdentifiers=a.example\n");
        put(d, CERTIFICATE ".d/a.conf", "[Certificate]\n\nIdentifiers=b.example\\\na.example\n");
        expect_error(d,
                     "www",
                     CERTIFICATE ".d/a.conf",
                     4,
                     "Identifiers",
                     "has a.example already, from ");
}

static void test_config_load__limits(void **state)
{
        static const struct {
                const char *file, *head, *word;
                unsigned max;
                const char *key;
        } rows[] = {
                        {CERTIFICATE,
                         "[Certificate]\nIdentifiers=",
                         " n%u.example",
                         100,
                         "Identifiers"},
                        {MAIN, "[Defaults]\nContact=", " n%u@example.org", 10, "Contact"},
                        {MAIN, "[WebRoot]\nListen=", " 192.0.2.%u:80", 16, "Listen"},
                        {MAIN, "[WebRoot]\nListen=", " %u", 8, "Listen"},
                        {CA,
                         "[CA]\nDirectory=https://ca.example/\nOrigins=",
                         " https://n%u.example",
                         8,
                         "Origins"},
        };
        const TestDirectory *d = *state;

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                char text[4096];
                size_t n;

                put(d, MAIN, "");
                put(d, CERTIFICATE, "[Certificate]\nIdentifiers=a.example\n");
                put_ca(d);
                n = (size_t) snprintf(text, sizeof(text), "%s", row->head);
                for (unsigned i = 1; i <= row->max; i++)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                        n += (size_t) snprintf(text + n, sizeof(text) - n, row->word, i);
                put(d, row->file, text);
                config_free(load(d, "www"));
                snprintf(text + n, sizeof(text) - n, row->word, row->max + 1);
#pragma GCC diagnostic pop
                put(d, row->file, text);
                expect_error(d,
                             "www",
                             row->file,
                             streq(row->key, "Origins") ? 3 : 2,
                             row->key,
                             "which is the limit");
        }
}

static void test_config_load__names(void **state)
{
        static const char *const refused[] = {
                        "",
                        ".",
                        "..",
                        "Example.org",
                        "a/b",
                        "../a",
                        "*.example.org",
                        "a_",
                        "2001:db8::1",
                        "a\nb",
        };
        static const char *const single[] = {"www", "mail_1.example.org", "0.0.0.0", "a..b"};
        const TestDirectory *d = *state;

        put_ca(d);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                expect_error(d, refused[i], NULL, 0, NULL, "[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?");
        for (size_t i = 0; i < ELEMENTSOF(single); i++) {
                char file[128];

                snprintf(file, sizeof(file), "etc/acme/certs/%s.conf", single[i]);
                expect_error(d, single[i], file, 0, "Identifiers", "There is no Identifiers=");
        }
}

static void test_config_load__name_in_punycode(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        config = load(d, "xn--bcher-kva.example");
        assert_list(config->identifiers, "xn--bcher-kva.example");
        expect_error(d,
                     "xn--i-7iq.example",
                     "etc/acme/certs/xn--i-7iq.example.conf",
                     0,
                     "Identifiers",
                     "cannot stand in");
}

static void test_config_load__warnings(void **state)
{
        static const char text[] = "[Certificate]\n"
                                   "Colour=blue\n"
                                   "keytype=ec-p384\n"
                                   "Set=inet\n"
                                   "[Install nginx]\n"
                                   "A=b\n"
                                   "C=d\n"
                                   "[Defaults]\n"
                                   "KeyType=nonsense\n"
                                   "[Install nginx]\n"
                                   "A=b\n";
        static const struct {
                const char *place, *words;
        } rows[] = {
                        {":2: ", "Colour= is not known"},
                        {":3: ", "is KeyType= in [Certificate] of certs/NAME.conf meant?"},
                        {":4: ", "is Set= in [Firewall] of acme.conf meant?"},
                        {":5: ", "[Install nginx] is not known"},
                        {":8: ", "[Defaults] is passed over here: it belongs into acme.conf"},
                        {":10: ", "[Install nginx] is not known"},
        };
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d, "etc/acme/certs/example.org.conf", text);
        config = load(d, "example.org");
        assert_int_equal(strv_length(config->warnings), ELEMENTSOF(rows));
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                assert_row(config->warnings[i], strstr(config->warnings[i], rows[i].place));
                assert_row(config->warnings[i], strstr(config->warnings[i], rows[i].words));
        }
        assert_int_equal(config->key_type, KEY_TYPE_EC_P256);
}

static void test_config_load__warnings_with_an_error(void **state)
{
        const TestDirectory *d = *state;
        Config *config = NULL;
        ConfigError error;

        put_ca(d);
        put(d, CERTIFICATE, "[Certificate]\nIdentifers=a.example\n");
        assert_int_equal(config_load("www", d->path, &config, &error), CONFIG_E_INVALID);
        assert_int_equal(strv_length(error.warnings), 1);
        assert_non_null(strstr(error.warnings[0], "Identifers= is not known"));
        config_error_done(&error);
}

static void test_config_load__warnings_have_an_end(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;
        char text[8192] = "[Defaults]\n";
        size_t n = strlen(text);

        put_ca(d);
        for (unsigned i = 0; i < 1000; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "K%u=\n", i);
        put(d, MAIN, text);
        config = load(d, "example.org");
        assert_int_equal(strv_length(config->warnings), 32);
        assert_non_null(strstr(config->warnings[31], "not shown"));
}

static void test_config_load__set_without_its_mode(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put(d, MAIN, "[Firewall]\nSet=inet filter acme\n");
        config = load(d, NULL);
        assert_int_equal(config->firewall_mode, FIREWALL_AUTO);
        assert_null(config->set_name);
        assert_int_equal(strv_length(config->warnings), 1);
        assert_non_null(strstr(config->warnings[0], ":2: Set= is used with Mode=set only"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_config_load__nothing_but_a_name),
                        cmocka_directory_test(test_config_load__acme_conf_alone),
                        cmocka_directory_test(test_config_load__several_cas),
                        cmocka_directory_test(test_config_load__another_account),
                        cmocka_directory_test(test_config_load_account__by_name),
                        cmocka_directory_test(test_account_name_parse__table),
                        cmocka_directory_test(test_config_load__everything_said),
                        cmocka_directory_test(test_config_load__two_key_types),
                        cmocka_directory_test(test_config_load__empty_assignment_falls_back),
                        cmocka_directory_test(test_config_load__ca_by_url),
                        cmocka_directory_test(test_config_load__trust),
                        cmocka_directory_test(test_config_load__each_setting_bad),
                        cmocka_directory_test(test_config_load__dns),
                        cmocka_directory_test(test_config_load__line_of_a_word),
                        cmocka_directory_test(test_config_load__limits),
                        cmocka_directory_test(test_config_load__names),
                        cmocka_directory_test(test_config_load__name_in_punycode),
                        cmocka_directory_test(test_config_load__warnings),
                        cmocka_directory_test(test_config_load__warnings_with_an_error),
                        cmocka_directory_test(test_config_load__warnings_have_an_end),
                        cmocka_directory_test(test_config_load__set_without_its_mode),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
