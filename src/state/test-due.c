/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When to renew and when to try again, as tables. */

#include "base/test.h"
#include "state/due.h"

#define DAY USEC_PER_DAY
#define HOUR USEC_PER_HOUR
#define MINUTE USEC_PER_MINUTE
#define SECOND USEC_PER_SEC
#define T0 (20000 * DAY)

static void test_due_renew_at__table(_unused_ void **unused)
{
        static const struct {
                usec_t lifetime, expected_after;
        } table[] = {
                        {90 * DAY, 60 * DAY},
                        {45 * DAY, 30 * DAY},
                        {30 * DAY, 20 * DAY},
                        {10 * DAY, 10 * DAY - 10 * DAY / 3}, /* not below ten days: a third */
                        {10 * DAY - 1, 5 * DAY},
                        {6 * DAY + 16 * HOUR, 3 * DAY + 8 * HOUR}, /* shortlived */
                        {6 * DAY, 3 * DAY},
                        {60 * SECOND, 30 * SECOND},
                        {1, 1},
                        {0, 0},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table))
                assert_true(due_renew_at(T0, T0 + row->lifetime) == T0 + row->expected_after);
        assert_true(due_renew_at(T0, T0 - 1) == T0); /* backwards: at once */
        assert_true(due_renew_at(0, USEC_INFINITY) > T0);
}

static StateCertificate make_certificate(usec_t lifetime)
{
        StateCertificate certificate = {
                        .is_set = true,
                        .not_before_usec = T0,
                        .not_after_usec = T0 + lifetime,
                        .installed_usec = T0 + 5 * SECOND,
                        .key_type = strdup("ec-p256"),
                        .directory = strdup("https://ca.example/dir"),
        };

        assert_int_equal(strv_append(&certificate.identifiers, "a.example"), 0);
        assert_int_equal(strv_append(&certificate.identifiers, "b.example"), 0);
        return certificate;
}

static char *names[] = {"a.example", "b.example", NULL};
static char *other_names[] = {"a.example", "c.example", NULL};
static char *fewer_names[] = {"a.example", NULL};
static char directory[] = "https://ca.example/dir";
static char other_directory[] = "https://other.example/dir";

static ConfigCa ca = {.directory = directory}, other_ca = {.directory = other_directory};

static Config make_config(void)
{
        return (Config){
                        .identifiers = names,
                        .cas = &ca,
                        .n_cas = 1,
                        .key_types = {KEY_TYPE_EC_P256},
                        .n_key_types = 1,
                        .key_type = KEY_TYPE_EC_P256,
        };
}

/* Whatever else could be said of one. */
static void test_due_evaluate__placeholder(_unused_ void **unused)
{
        StateCertificate certificate = make_certificate(90 * DAY);
        Config config = make_config();

        certificate.is_placeholder = true;
        assert_int_equal(due_evaluate(&certificate, &config, 0, T0), DUE_FIRST);
        config.identifiers = other_names;
        assert_int_equal(due_evaluate(&certificate, &config, T0, T0 + 80 * DAY), DUE_FIRST);
        state_certificate_done(&certificate);
}

static void test_due_evaluate__age(_unused_ void **unused)
{
        static const struct {
                usec_t lifetime, age;
                DueReason expected;
        } table[] = {
                        {90 * DAY, 0, DUE_NOT},
                        {90 * DAY, 60 * DAY - 1, DUE_NOT},
                        {90 * DAY, 60 * DAY, DUE_EXPIRING},
                        {90 * DAY, 90 * DAY, DUE_EXPIRING},
                        {90 * DAY, 900 * DAY, DUE_EXPIRING},
                        {6 * DAY, 1 * DAY, DUE_NOT},
                        {6 * DAY, 3 * DAY - 1, DUE_NOT},
                        {6 * DAY, 3 * DAY, DUE_EXPIRING},
                        {60 * SECOND, 29 * SECOND, DUE_NOT},
                        {60 * SECOND, 30 * SECOND, DUE_EXPIRING},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                StateCertificate certificate = make_certificate(row->lifetime);
                Config config = make_config();

                assert_int_equal(due_evaluate(&certificate, &config, 0, T0 + row->age),
                                 row->expected);
                state_certificate_done(&certificate);
        }
}

/* Never later than by age, and never on the day on which it was installed. */
static void test_due_evaluate__renewal_info(_unused_ void **unused)
{
        static const struct {
                usec_t moment, now;
                DueReason expected;
        } table[] = {
                        {0, T0 + 59 * DAY, DUE_NOT},
                        {T0 + 20 * DAY, T0 + 20 * DAY - 1, DUE_NOT},
                        {T0 + 20 * DAY, T0 + 20 * DAY, DUE_RENEWAL_INFO},
                        {T0 + 20 * DAY, T0 + 61 * DAY, DUE_EXPIRING},
                        {T0 + 80 * DAY, T0 + 60 * DAY, DUE_EXPIRING},
                        {T0 + 2900000 * DAY, T0 + 59 * DAY, DUE_NOT},
                        {1, T0 + HOUR, DUE_NOT},
                        {1, T0 + 5 * SECOND + DAY - 1, DUE_NOT},
                        {1, T0 + 5 * SECOND + DAY, DUE_RENEWAL_INFO},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                StateCertificate certificate = make_certificate(90 * DAY);
                Config config = make_config();

                certificate.renewal_info.moment_usec = row->moment;
                assert_int_equal(due_evaluate(&certificate, &config, 0, row->now), row->expected);
                assert_true((due_moment(&certificate) <= row->now) == (row->expected != DUE_NOT));
                state_certificate_done(&certificate);
        }
}

static void test_due_evaluate__clock_behind_the_certificate(_unused_ void **unused)
{
        StateCertificate certificate = make_certificate(90 * DAY);
        Config config = make_config();

        assert_int_equal(due_evaluate(&certificate, &config, 0, T0 - 300 * DAY), DUE_NOT);
        state_certificate_done(&certificate);
}

static void test_due_evaluate__configuration_changed(_unused_ void **unused)
{
        StateCertificate none = {}, certificate = make_certificate(90 * DAY);
        Config config = make_config();

        assert_int_equal(due_evaluate(&none, &config, 0, T0), DUE_FIRST);

        config.identifiers = other_names;
        assert_int_equal(due_evaluate(&certificate, &config, 0, T0), DUE_IDENTIFIERS);
        config.identifiers = fewer_names;
        assert_int_equal(due_evaluate(&certificate, &config, 0, T0), DUE_IDENTIFIERS);
        config = make_config();

        config.key_type = KEY_TYPE_RSA_2048;
        assert_int_equal(due_evaluate(&certificate, &config, 0, T0), DUE_KEY_TYPE);
        config = make_config();

        config.cas = &other_ca;
        assert_int_equal(due_evaluate(&certificate, &config, 0, T0), DUE_CA);
        free(certificate.directory);
        certificate.directory = NULL;
        assert_int_equal(due_evaluate(&certificate, &config, 0, T0), DUE_NOT);
        state_certificate_done(&certificate);
}

static void test_due_evaluate__requested(_unused_ void **unused)
{
        static const struct {
                usec_t requested, now;
                DueReason expected;
        } table[] = {
                        {0, T0 + HOUR, DUE_NOT},
                        {T0, T0 + HOUR, DUE_NOT}, /* before it was installed: fulfilled */
                        {T0 + 5 * SECOND, T0 + HOUR, DUE_NOT}, /* the very moment */
                        {T0 + 6 * SECOND, T0 + HOUR, DUE_REQUESTED},
                        {T0 + HOUR, T0 + HOUR, DUE_REQUESTED},
                        {T0 + HOUR + 1, T0 + HOUR, DUE_NOT}, /* of the future: not yet */
                        {T0 + HOUR, T0 + 80 * DAY, DUE_EXPIRING},
                        /* Installed in the future: a little, or by a clock that was wrong. */
                        {T0 + 1 * SECOND, T0 + 2 * SECOND, DUE_NOT},
                        {T0 - 9 * HOUR, T0 - 8 * HOUR, DUE_REQUESTED},
                        {0, T0 - 8 * HOUR, DUE_NOT},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                StateCertificate certificate = make_certificate(90 * DAY);
                Config config = make_config();

                assert_int_equal(due_evaluate(&certificate, &config, row->requested, row->now),
                                 row->expected);
                state_certificate_done(&certificate);
        }
}

static void test_due_reason__words(_unused_ void **unused)
{
        assert_null(due_reason_to_string(DUE_NOT));
        assert_null(due_reason_to_string(DUE_REASON_MAX));
        for (DueReason reason = DUE_NOT + 1; reason < DUE_REASON_MAX; reason++)
                assert_int_equal(due_reason_from_string(due_reason_to_string(reason)), reason);
        assert_int_equal(due_reason_from_string("tomorrow"), DUE_NOT);
        assert_int_equal(due_reason_from_string(NULL), DUE_NOT);
}

static void test_retry_next_attempt__table(_unused_ void **unused)
{
        static const struct {
                unsigned count;
                usec_t retry_after, expected_span;
        } table[] = {
                        {0, 0, MINUTE},
                        {1, 0, MINUTE},
                        {2, 0, 10 * MINUTE},
                        {3, 0, 100 * MINUTE},
                        {4, 0, DAY},
                        {5, 0, DAY},
                        {UINT32_MAX, 0, DAY},
                        {1, 30 * SECOND, MINUTE},
                        {1, HOUR, HOUR},
                        {4, HOUR, DAY},
                        {4, 3 * DAY, 3 * DAY},
                        {1, 7 * DAY, 7 * DAY},
                        {1, 8 * DAY, 7 * DAY},
                        {1, USEC_INFINITY, 7 * DAY},
        };

        const StateCertificate none = {};

        FOREACH_ARRAY (row, table, ELEMENTSOF(table))
                assert_true(retry_next_attempt(&none, row->count, row->retry_after, T0) ==
                            T0 + row->expected_span);
}

static void test_retry_next_attempt__no_longer_than_a_tenth_of_the_lifetime(_unused_ void **unused)
{
        static const struct {
                usec_t lifetime;
                unsigned count;
                usec_t retry_after, expected_span;
        } table[] = {
                        {90 * DAY, 1, 0, MINUTE},
                        {90 * DAY, 4, 0, DAY},
                        {6 * DAY, 3, 0, 100 * MINUTE},
                        {6 * DAY, 4, 0, 6 * DAY / 10},
                        {DAY, 4, 0, DAY / 10},
                        {HOUR, 1, 0, MINUTE},
                        {HOUR, 2, 0, 6 * MINUTE},
                        {MINUTE, 1, 0, 6 * SECOND},
                        {MINUTE, 9, 0, 6 * SECOND},
                        {MINUTE, 1, 3 * SECOND, 6 * SECOND},
                        {10 * SECOND, 1, 0, 5 * SECOND},
                        {1, UINT32_MAX, 0, 5 * SECOND},
                        /* What the CA says counts, however short the lifetime. */
                        {MINUTE, 1, HOUR, HOUR},
                        {MINUTE, 1, USEC_INFINITY, 7 * DAY},
                        /* No lifetime: it cannot be a share of it. */
                        {0, 2, 0, 10 * MINUTE},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                StateCertificate live = {.is_set = true,
                                         .not_before_usec = T0 - DAY,
                                         .not_after_usec = T0 - DAY + row->lifetime},
                                 placeholder = live, backwards = live;

                assert_true(retry_next_attempt(&live, row->count, row->retry_after, T0) ==
                            T0 + row->expected_span);
                placeholder.is_placeholder = true;
                assert_true(retry_next_attempt(&placeholder, 2, 0, T0) == T0 + 10 * MINUTE);
                backwards.not_before_usec = live.not_after_usec + 1;
                assert_true(retry_next_attempt(&backwards, 2, 0, T0) == T0 + 10 * MINUTE);
        }
}

static char *fingerprint(const Config *config)
{
        char *digits = NULL;

        assert_int_equal(due_settings_fingerprint(config, &digits), 0);
        assert_int_equal(strspn(digits, "0123456789abcdef"), strlen(digits));
        return digits;
}

static void test_due_settings_fingerprint__every_setting_counts(_unused_ void **unused)
{
        static char mail[] = "mailto:a@example.org", path[] = "/srv/challenges";
        static char ab[] = "ab", c[] = "c", a[] = "a", bc[] = "bc";
        static char *contact[] = {mail, NULL}, *split_a[] = {ab, c, NULL},
                    *split_b[] = {a, bc, NULL};
        ConfigCa agreed = {.directory = directory, .terms_of_service_agreed = true},
                 trusting = {.directory = directory, .trust = path}, both[] = {ca, other_ca},
                 customer = {.directory = directory, .account = ab};
        Config configs[16];
        _cleanup_strv_free_ char **digits = NULL;

        FOREACH_ARRAY (config, configs, ELEMENTSOF(configs))
                *config = make_config();
        configs[1].identifiers = other_names;
        configs[2].cas = &other_ca;
        configs[3].contact = contact;
        configs[4].cas = &agreed;
        configs[5].key_types[0] = KEY_TYPE_EC_P384;
        configs[6].account_key_type = KEY_TYPE_EC_P384;
        configs[7].cas = &trusting;
        configs[8].webroot_directory = path;
        configs[9].firewall_mode = FIREWALL_OFF;
        configs[10].identifiers = split_a;
        configs[11].identifiers = split_b;
        configs[12].stateless = true;
        configs[13].thumbprint = path;
        configs[14].cas = both;
        configs[14].n_cas = 2;
        configs[15].cas = &customer;

        FOREACH_ARRAY (config, configs, ELEMENTSOF(configs)) {
                _cleanup_free_ char *one = fingerprint(config), *again = fingerprint(config);

                assert_string_equal(one, again);
                assert_false(strv_contains(digits, one));
                assert_int_equal(strv_append(&digits, one), 0);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_due_renew_at__table),
                        cmocka_unit_test(test_due_evaluate__placeholder),
                        cmocka_unit_test(test_due_evaluate__age),
                        cmocka_unit_test(test_due_evaluate__renewal_info),
                        cmocka_unit_test(test_due_evaluate__clock_behind_the_certificate),
                        cmocka_unit_test(test_due_evaluate__configuration_changed),
                        cmocka_unit_test(test_due_evaluate__requested),
                        cmocka_unit_test(test_due_reason__words),
                        cmocka_unit_test(test_retry_next_attempt__table),
                        cmocka_unit_test(
                                        test_retry_next_attempt__no_longer_than_a_tenth_of_the_lifetime),
                        cmocka_unit_test(test_due_settings_fingerprint__every_setting_counts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
