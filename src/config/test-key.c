/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Certificates whose key is not ours, and accounts whose key is in a token. */

#include "config/test-tree.h"
#include "config/value.h"

#define URI "pkcs11:token=acme;object=a"

static void test_config_load__csr(void **state)
{
        TestDirectory *d = *state;
        Config *config;
        usec_t before_usec;

        put_ca(d);
        put(d, CERTIFICATE, "[Certificate]\nCSR=/etc/acme/csr/a.csr\n");
        config = load(d, "www");
        assert_string_equal(config->csr, "/etc/acme/csr/a.csr");
        assert_true(config->identifiers_by_csr && !config->identifiers && config->csr_usec == 0);
        assert_true(config_key_is_elsewhere(config));
        config_free(config);

        put(d, "etc/acme/csr/a.csr", "a");
        put(d,
            CERTIFICATE,
            "[Certificate]\nCSR=/etc/acme/csr/a.csr\nIdentifiers=a.example\nConsumers=a.service\n");
        config = load(d, "www");
        before_usec = config->csr_usec;
        assert_true(before_usec > 0 && !config->identifiers_by_csr && !config->placeholder);
        config_free(config);
}

static void test_config_load__key(void **state)
{
        TestDirectory *d = *state;
        Config *config;

        put(d,
            CA,
            "[CA]\nDirectory=https://ca.example/dir\nAccountKey=" URI
            "\nAccountKey=shop pkcs11:object=shop\n");
        put(d, CERTIFICATE, "[Certificate]\nKey=" URI "\nIdentifiers=a.example\n");
        config = load(d, "www");
        assert_string_equal(config->key_uri, URI);
        assert_string_equal(config->account_key, URI);
        assert_string_equal(config_key_setting(config), "Key");
        config_free(config);
        put(d, CERTIFICATE, "[Certificate]\nAccount=shop\nIdentifiers=a.example\n");
        config = load(d, "www");
        assert_null(config->key_uri);
        assert_false(config_key_is_elsewhere(config));
        assert_string_equal(config->account_key, "pkcs11:object=shop");
        config_free(config);
        put(d, CERTIFICATE, "[Certificate]\nAccount=other\nIdentifiers=a.example\n");
        config = load(d, "www");
        assert_null(config->account_key);
        config_free(config);
}

static void test_config_load__what_does_not_go_with_them(void **state)
{
        static const struct {
                const char *text;
                unsigned line;
                const char *key;
        } table[] = {
                        {"CSR=/etc/acme/a\nKey=" URI "\n", 3, "Key"},
                        {"CSR=/etc/acme/a\nKeyType=ec-p256\n", 3, "KeyType"},
                        {"Key=" URI "\nKeyType=ec-p256\n", 3, "KeyType"},
                        {"Key=" URI "\nPlaceholder=yes\nIdentifiers=a.example\n", 3, "Placeholder"},
                        {"CSR=/etc/acme/a\nPlaceholder=yes\n", 3, "Placeholder"},
                        {"CSR=/etc/acme/a\n[Deploy a]\nBundle=/srv/a\n", 4, "Bundle"},
                        {"Key=" URI "\nIdentifiers=a.example\n[Deploy a]\nPrivateKey=/srv/a\n",
                         5,
                         "PrivateKey"},
                        {"CSR=/root/a\n", 2, "CSR"},
                        {"Key=file:/etc/acme/key.pem\n", 2, "Key"},
        };
        TestDirectory *d = *state;

        put_ca(d);
        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_free_ char *text = NULL;

                assert_true(asprintf(&text, "[Certificate]\n%s", row->text) > 0);
                put(d, CERTIFICATE, text);
                expect_error(d, "www", CERTIFICATE, row->line, row->key, "is refused");
        }
}

static void test_config_adopt_names__table(void **state)
{
        static const struct {
                const char *names[3], *expected;
        } table[] = {
                        {{"b.example", "A.example."}, "a.example b.example"},
                        {{"a.example", "a.example"}, "a.example"},
                        {{"192.0.2.1"}, "192.0.2.1"},
                        {{"*.a.example"}, NULL},
                        {{"a_b.example"}, NULL},
                        {{"a.example", "\x1b"}, NULL},
        };
        TestDirectory *d = *state;

        put_ca(d);
        put(d, CERTIFICATE, "[Certificate]\nCSR=/etc/acme/a\n");
        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_(config_freep) Config *config = load(d, "www");
                _cleanup_strv_free_ char **names = NULL;
                _cleanup_free_ char *reason = NULL;

                for (size_t i = 0; row->names[i]; i++)
                        assert_int_equal(strv_append(&names, row->names[i]), 0);
                assert_int_equal(config_adopt_names(config, names, &reason),
                                 row->expected ? 0 : CONFIG_E_INVALID);
                assert_true(!reason == !!row->expected);
                if (row->expected)
                        assert_list(config->identifiers, row->expected);
                else
                        assert_null(config->identifiers);
        }
}

static void test_value_check_account_key__table(void **state _unused_)
{
        static const struct {
                const char *word, *normal;
        } table[] = {
                        {URI, URI},
                        {"shop " URI, "shop " URI},
                        {"shop \t" URI, "shop " URI},
                        {"Shop " URI, NULL},
                        {"shop", NULL},
                        {"pkcs11:", NULL},
                        {"PKCS11:object=a", NULL},
                        {"pkcs11:object=a?pin-value=1", NULL},
                        {"pkcs11:object=\xc3\xa4", NULL},
                        {"file:/key.pem", NULL},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_free_ char *normal = NULL;
                const char *reason;
                int r = value_check_account_key(row->word, &normal, &reason);

                assert_row(row->word, r == (row->normal ? 0 : VALUE_E_INVALID));
                assert_row(row->word, streq_ptr(normal, row->normal));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test_setup_teardown(test_config_load__csr,
                                                        test_directory_setup,
                                                        test_directory_teardown),
                        cmocka_unit_test_setup_teardown(test_config_load__key,
                                                        test_directory_setup,
                                                        test_directory_teardown),
                        cmocka_unit_test_setup_teardown(
                                        test_config_load__what_does_not_go_with_them,
                                        test_directory_setup,
                                        test_directory_teardown),
                        cmocka_unit_test_setup_teardown(test_config_adopt_names__table,
                                                        test_directory_setup,
                                                        test_directory_teardown),
                        cmocka_unit_test(test_value_check_account_key__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
