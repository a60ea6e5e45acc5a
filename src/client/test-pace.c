/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How many at once, how often, and how long: the pool of nonces and the budget of waiting. */

#include "client/nonce.h"
#include "client/patience.h"

#include "base/test.h"

static void test_nonces__youngest_first(void **state)
{
        Nonces nonces = {};
        _cleanup_free_ char *a = NULL, *b = NULL;

        (void) state;
        assert_true(nonces_put(&nonces, "first"));
        assert_true(nonces_put(&nonces, "second"));
        a = nonces_take(&nonces);
        b = nonces_take(&nonces);
        assert_string_equal(a, "second");
        assert_string_equal(b, "first");
        assert_null(nonces_take(&nonces));
}

static void test_nonces_put__drops_what_is_none(void **state)
{
        static const char *const values[] = {"", "a b", "a\"b", "a=", "\x1b[31m", "n\xc3\xb6nce"};
        char value[1024];
        Nonces nonces = {};

        (void) state;
        assert_false(nonces_put(&nonces, NULL));
        FOREACH_ARRAY (v, values, ELEMENTSOF(values))
                assert_false(nonces_put(&nonces, *v));
        memset(value, 'a', sizeof(value));
        value[sizeof(value) - 1] = '\0';
        assert_false(nonces_put(&nonces, value));
        assert_int_equal(nonces.n, 0);
}

static void test_nonces_put__the_oldest_goes(void **state)
{
        Nonces nonces = {};

        (void) state;
        for (unsigned i = 0; i < NONCES_MAX + 3; i++) {
                char value[16];

                (void) snprintf(value, sizeof(value), "n%u", i);
                assert_true(nonces_put(&nonces, value));
        }
        assert_int_equal(nonces.n, NONCES_MAX);
        assert_string_equal(nonces.stack[0], "n3");
        nonces_done(&nonces);
        assert_int_equal(nonces.n, 0);
}

static void test_nonces_wanted__table(void **state)
{
        static const struct {
                const char *name;
                size_t waiting, under_way, streams, wanted;
        } rows[] = {
                        {"nothing waits", 0, 0, 32, 0},
                        {"the first", 1, 0, 1, 1},
                        {"one waits, one brings its nonce back", 1, 1, 32, 0},
                        {"one connection without streams", 50, 1, 1, 0},
                        {"two waits, one under way", 2, 1, 32, 1},
                        {"a hundred names", 99, 1, 32, 31},
                        {"all streams are busy", 60, 32, 32, 0},
                        {"more under way than streams", 60, 33, 32, 0},
        };

        (void) state;
        FOREACH_ARRAY (r, rows, ELEMENTSOF(rows))
                assert_row(r->name,
                           nonces_wanted(r->waiting, r->under_way, r->streams) == r->wanted);
}

static void test_patience_take__waits_side_by_side_count_once(void **state)
{
        const usec_t now = 1000 * USEC_PER_SEC;
        Patience p;

        (void) state;
        patience_init(&p, now);
        assert_true(patience_take(&p, now, now + 20 * USEC_PER_SEC));
        assert_true(patience_take(&p, now, now + 20 * USEC_PER_SEC));
        assert_true(patience_take(&p, now + USEC_PER_SEC, now + 10 * USEC_PER_SEC));
        assert_true(p.left_usec == 40 * USEC_PER_SEC);
        assert_true(patience_take(&p, now, now + 30 * USEC_PER_SEC));
        assert_true(p.left_usec == 30 * USEC_PER_SEC);
}

/* One CA that takes all the time there is leaves the others theirs. */
static void test_patience_turn__shares(void **state)
{
        const usec_t now = 1000 * USEC_PER_SEC;
        Patience p;

        (void) state;
        patience_init(&p, now);
        assert_true(p.deadline_usec == now + RUN_MAX_USEC);
        patience_turn(&p, now, 2);
        assert_true(p.deadline_usec == now + RUN_MAX_USEC / 2);
        assert_true(patience_take(&p, now, now + PATIENCE_MAX_USEC));
        assert_false(patience_take(&p, p.until_usec, p.until_usec + 1));
        /* What the first has not used is the second's. */
        patience_turn(&p, now + USEC_PER_MINUTE, 1);
        assert_true(p.deadline_usec == now + RUN_MAX_USEC);
        assert_true(patience_take(&p, now + USEC_PER_MINUTE, now + USEC_PER_MINUTE + 1));
        patience_turn(&p, now + 2 * RUN_MAX_USEC, 1);
        assert_true(p.deadline_usec == now + 2 * RUN_MAX_USEC);
}

static void test_patience_take__comes_to_an_end(void **state)
{
        const usec_t now = 1000 * USEC_PER_SEC;
        Patience p;

        (void) state;
        patience_init(&p, now);
        assert_false(patience_take(&p, now, now + PATIENCE_MAX_USEC + 1));
        assert_true(p.left_usec == PATIENCE_MAX_USEC);
        assert_true(patience_take(&p, now, now + PATIENCE_MAX_USEC));
        assert_false(patience_take(&p, now + PATIENCE_MAX_USEC, now + PATIENCE_MAX_USEC + 1));
        assert_true(patience_take(&p, now + PATIENCE_MAX_USEC, now + PATIENCE_MAX_USEC));
}

static void test_patience_take__not_beyond_the_run(void **state)
{
        const usec_t now = 1000 * USEC_PER_SEC, late = now + RUN_MAX_USEC - USEC_PER_SEC;
        Patience p;

        (void) state;
        patience_init(&p, now);
        assert_false(patience_take(&p, late, late + 2 * USEC_PER_SEC));
        assert_true(patience_take(&p, late, late + USEC_PER_SEC));
}

static void test_poll_pause_usec__begins_soon_and_slows_down(void **state)
{
        usec_t total = 0, last = 0;
        unsigned in_first_second = 0;

        (void) state;
        assert_true(poll_pause_usec(0) == POLL_FIRST_USEC);
        for (unsigned n = 0; n < 100; n++) {
                usec_t pause = poll_pause_usec(n);

                assert_true(pause >= last && pause <= POLL_LAST_USEC);
                last = pause;
                total += pause;
                in_first_second += total <= USEC_PER_SEC;
        }
        assert_true(last == POLL_LAST_USEC);
        assert_in_range(in_first_second, 5, 10);
        assert_true(poll_pause_usec(UINT32_MAX) == POLL_LAST_USEC);
}

static void test_reload_pause__five_times(void **state)
{
        unsigned n = 0;

        (void) state;
        assert_false(reload_pause(0));
        while (reload_pause(++n))
                ;
        assert_int_equal(n, 6);
        assert_false(reload_pause(UINT32_MAX));
}

static void test_poll_looks_at_authorizations__late_and_seldom(void **state)
{
        unsigned looks = 0;

        (void) state;
        for (unsigned n = 0; n < 8; n++)
                assert_false(poll_looks_at_authorizations(n));
        for (unsigned n = 8; n < 28; n++)
                looks += poll_looks_at_authorizations(n);
        assert_int_equal(looks, 5);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_nonces__youngest_first),
                        cmocka_unit_test(test_nonces_put__drops_what_is_none),
                        cmocka_unit_test(test_nonces_put__the_oldest_goes),
                        cmocka_unit_test(test_nonces_wanted__table),
                        cmocka_unit_test(test_patience_take__waits_side_by_side_count_once),
                        cmocka_unit_test(test_patience_take__comes_to_an_end),
                        cmocka_unit_test(test_patience_turn__shares),
                        cmocka_unit_test(test_patience_take__not_beyond_the_run),
                        cmocka_unit_test(test_poll_pause_usec__begins_soon_and_slows_down),
                        cmocka_unit_test(test_reload_pause__five_times),
                        cmocka_unit_test(test_poll_looks_at_authorizations__late_and_seldom),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
