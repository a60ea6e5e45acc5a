/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which type comes first, and which when that one is out. */

#include "client/choice.h"

#include "base/test.h"

static Config config = {
                .challenges = {CHALLENGE_TYPE_HTTP01,
                               CHALLENGE_TYPE_DNS01,
                               CHALLENGE_TYPE_TLS_ALPN01},
                .n_challenges = 3,
};

static void test_choice_expected__order(void **state)
{
        static const struct {
                const char *known[3], *identifier;
                ChallengeType ruled_out, expected;
        } rows[] = {
                        {{}, "a", CHALLENGE_TYPE_INVALID, CHALLENGE_TYPE_HTTP01},
                        {{}, "*.a", CHALLENGE_TYPE_INVALID, CHALLENGE_TYPE_DNS01},
                        {{}, "192.0.2.1", CHALLENGE_TYPE_INVALID, CHALLENGE_TYPE_HTTP01},
                        {{}, "192.0.2.1", CHALLENGE_TYPE_HTTP01, CHALLENGE_TYPE_TLS_ALPN01},
                        {{}, "*.a", CHALLENGE_TYPE_DNS01, CHALLENGE_TYPE_INVALID},
                        {{"dns-01 a"}, "a", CHALLENGE_TYPE_INVALID, CHALLENGE_TYPE_DNS01},
                        {{"dns-01 b"}, "a", CHALLENGE_TYPE_INVALID, CHALLENGE_TYPE_HTTP01},
                        {{"tls-alpn-01 a"}, "a", CHALLENGE_TYPE_INVALID, CHALLENGE_TYPE_TLS_ALPN01},
                        {{"tls-alpn-01 a"}, "a", CHALLENGE_TYPE_TLS_ALPN01, CHALLENGE_TYPE_HTTP01},
                        {{"http-01 *.a"}, "*.a", CHALLENGE_TYPE_INVALID, CHALLENGE_TYPE_DNS01},
                        {{"new-07 a"}, "a", CHALLENGE_TYPE_INVALID, CHALLENGE_TYPE_HTTP01},
        };

        (void) state;
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                Client c = {.config = &config, .known = (char **) row->known};

                if (row->ruled_out != CHALLENGE_TYPE_INVALID)
                        c.is_ruled_out[row->ruled_out] = true;
                assert_row(row->identifier, choice_expected(&c, row->identifier) == row->expected);
        }
}

/* What is remembered and is not configured any more counts for nothing. */
static void test_choice_expected__no_more_configured(void **state)
{
        static char known[] = "dns-01 a";
        Config one = {.challenges = {CHALLENGE_TYPE_TLS_ALPN01}, .n_challenges = 1};
        Client c = {.config = &one, .known = (char *[]){known, NULL}};

        (void) state;
        assert_int_equal(choice_expected(&c, "a"), CHALLENGE_TYPE_TLS_ALPN01);
}

static void test_choice_can_do_without__all_or_none(void **state)
{
        static char name[] = "a", wildcard[] = "*.a";
        Config c_names = config;
        Client c = {.config = &c_names};

        (void) state;
        c_names.identifiers = (char *[]){name, wildcard, NULL};
        assert_true(choice_can_do_without(&c, CHALLENGE_TYPE_HTTP01));
        assert_false(choice_can_do_without(&c, CHALLENGE_TYPE_DNS01));
        assert_false(c.is_ruled_out[CHALLENGE_TYPE_DNS01]);
        c.is_ruled_out[CHALLENGE_TYPE_DNS01] = true;
        c_names.identifiers = (char *[]){name, NULL};
        assert_true(choice_can_do_without(&c, CHALLENGE_TYPE_HTTP01));
        c.is_ruled_out[CHALLENGE_TYPE_TLS_ALPN01] = true;
        assert_false(choice_can_do_without(&c, CHALLENGE_TYPE_HTTP01));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_choice_expected__order),
                        cmocka_unit_test(test_choice_expected__no_more_configured),
                        cmocka_unit_test(test_choice_can_do_without__all_or_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
