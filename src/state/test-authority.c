/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which CA of several is asked, after what has happened to them. */

#include "base/test.h"
#include "state/authority.h"

#define MINUTE USEC_PER_MINUTE
#define NOW (20000 * USEC_PER_DAY)

typedef struct Setup {
        State *state;
        Config config;
        ConfigCa cas[3];
        char *settings;
} Setup;

static char first[] = "https://a.example/", second[] = "https://b.example/",
            third[] = "https://c.example/";

static Setup *make(void)
{
        Setup *s = calloc(1, sizeof(*s));

        assert_non_null(s);
        assert_int_equal(state_new(&s->state), 0);
        s->cas[0].directory = first;
        s->cas[1].directory = second;
        s->cas[2].directory = third;
        s->config.cas = s->cas;
        s->config.n_cas = 3;
        assert_int_equal(due_settings_fingerprint(&s->config, &s->settings), 0);
        return s;
}

static void done(Setup *s)
{
        state_free(s->state);
        free(s->settings);
        free(s);
}

/* It failed just now, and is to be left alone for that long. */
static void put_off(Setup *s, const char *directory, usec_t span_usec)
{
        StateFailure *f;

        assert_int_equal(authority_add(s->state, &s->config, directory, &f), 0);
        f->count = 1;
        f->last_usec = NOW;
        f->next_attempt_usec = NOW + span_usec;
        assert_int_equal(free_and_strdup(&f->settings, s->settings), 0);
}

static size_t choose(const Setup *s, usec_t requested_usec, usec_t now_usec)
{
        return authority_choose(s->state, &s->config, DUE_EXPIRING, requested_usec, now_usec);
}

static void test_authority_choose__preferred_unless_put_off(_unused_ void **unused)
{
        Setup *s = make();

        assert_int_equal(authority_choose(NULL, &s->config, DUE_FIRST, 0, NOW), 0);
        assert_int_equal(choose(s, 0, NOW), 0);
        put_off(s, first, MINUTE);
        assert_int_equal(choose(s, 0, NOW), 1);
        put_off(s, second, 10 * MINUTE);
        assert_int_equal(choose(s, 0, NOW), 2);
        /* Back to it as soon as it may be. */
        assert_int_equal(choose(s, 0, NOW + MINUTE), 0);
        /* Somebody has asked since: from the beginning. */
        assert_int_equal(choose(s, NOW + 1, NOW + 2), 0);
        authority_forget(s->state, first);
        assert_int_equal(choose(s, 0, NOW), 0);
        assert_null(authority_failure(s->state, first));
        assert_non_null(authority_failure(s->state, second));
        done(s);
}

static void test_authority_choose__all_put_off(_unused_ void **unused)
{
        Setup *s = make();

        put_off(s, first, 3 * MINUTE);
        put_off(s, second, MINUTE);
        put_off(s, third, 2 * MINUTE);
        assert_int_equal(choose(s, 0, NOW), 1);
        done(s);
}

static void test_authority_choose__other_settings_are_tried_at_once(_unused_ void **unused)
{
        Setup *s = make();

        put_off(s, first, MINUTE);
        s->config.key_types[s->config.n_key_types++] = KEY_TYPE_EC_P384;
        assert_int_equal(choose(s, 0, NOW), 0);
        done(s);
}

static void test_authority_choose__who_issued_when_nothing_is_due(_unused_ void **unused)
{
        Setup *s = make();

        s->state->certificate.is_set = true;
        s->state->certificate.directory = strdup(third);
        assert_int_equal(authority_choose(s->state, &s->config, DUE_NOT, 0, NOW), 2);
        assert_int_equal(choose(s, 0, NOW), 0);
        s->config.n_cas = 2;
        assert_int_equal(authority_choose(s->state, &s->config, DUE_NOT, 0, NOW), 0);
        s->config.n_cas = 1;
        put_off(s, first, MINUTE);
        assert_int_equal(choose(s, 0, NOW), 0);
        done(s);
}

static void test_authority_next__each_once(_unused_ void **unused)
{
        Setup *s = make();

        assert_int_equal(authority_next(s->state, &s->config, 1, 0, NOW), 1);
        assert_int_equal(authority_next(s->state, &s->config, 2, 0, NOW), 0);
        put_off(s, second, MINUTE);
        assert_int_equal(authority_next(s->state, &s->config, 1, 0, NOW), 2);
        assert_int_equal(authority_next(s->state, &s->config, 5, 0, NOW), 3);
        assert_int_equal(authority_next(s->state, &s->config, 7, NOW + 1, NOW + 1), 3);
        done(s);
}

static void test_authority_others_span__the_least(_unused_ void **unused)
{
        Setup *s = make();

        put_off(s, first, 3 * MINUTE);
        put_off(s, second, MINUTE);
        assert_true(authority_others_span(s->state, &s->config, second, NOW) == 0);
        put_off(s, third, 2 * MINUTE);
        assert_true(authority_others_span(s->state, &s->config, second, NOW) == 2 * MINUTE);
        assert_true(authority_others_span(s->state, &s->config, first, NOW) == MINUTE);
        assert_true(authority_others_span(s->state, &s->config, first, NOW + MINUTE) == 0);
        s->config.n_cas = 1;
        assert_true(authority_others_span(s->state, &s->config, first, NOW) == USEC_INFINITY);
        done(s);
}

/* The state has one place for each CA that can be configured. */
static void test_authority_add__in_the_place_of_what_is_not_configured(_unused_ void **unused)
{
        static char others[STATE_AUTHORITIES_MAX][32];
        Setup *s = make();

        for (size_t i = 0; i < STATE_AUTHORITIES_MAX; i++) {
                (void) snprintf(others[i], sizeof(others[i]), "https://x%zu.example/", i);
                put_off(s, others[i], MINUTE);
                put_off(s, first, MINUTE);
        }
        put_off(s, second, MINUTE);
        put_off(s, third, MINUTE);
        assert_non_null(authority_failure(s->state, first));
        assert_non_null(authority_failure(s->state, second));
        assert_non_null(authority_failure(s->state, third));
        assert_null(authority_failure(s->state, others[0]));
        done(s);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_authority_choose__preferred_unless_put_off),
                        cmocka_unit_test(test_authority_choose__all_put_off),
                        cmocka_unit_test(test_authority_choose__other_settings_are_tried_at_once),
                        cmocka_unit_test(test_authority_choose__who_issued_when_nothing_is_due),
                        cmocka_unit_test(test_authority_next__each_once),
                        cmocka_unit_test(test_authority_others_span__the_least),
                        cmocka_unit_test(
                                        test_authority_add__in_the_place_of_what_is_not_configured),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
