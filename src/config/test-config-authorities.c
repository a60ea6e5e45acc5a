/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The CAs of a certificate, and the accounts at them: which files say what of them. */

#include "config/account-name.h"
#include "config/test-tree.h"

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

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_config_load__several_cas),
                        cmocka_directory_test(test_config_load__another_account),
                        cmocka_directory_test(test_config_load_account__by_name),
                        cmocka_directory_test(test_account_name_parse__table),
                        cmocka_directory_test(test_config_load__ca_by_url),
                        cmocka_directory_test(test_config_load__trust),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
