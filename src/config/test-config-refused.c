/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is no configuration, or not quite: who wrote it is told the file, the line and why. */

#include "config/test-tree.h"

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

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_config_load__each_setting_bad),
                        cmocka_directory_test(test_config_load__limits),
                        cmocka_directory_test(test_config_load__names),
                        cmocka_directory_test(test_config_load__name_in_punycode),
                        cmocka_directory_test(test_config_load__warnings),
                        cmocka_directory_test(test_config_load__warnings_with_an_error),
                        cmocka_directory_test(test_config_load__warnings_have_an_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
