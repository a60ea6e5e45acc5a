/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Turns: one at a time, and the next finds what the last has noted. Time is the test's. */

#include "base/test.h"
#include "deploy/turn.h"

static usec_t now_usec;

usec_t __wrap_now_monotonic(void);
int __wrap_nanosleep(const struct timespec *pause, struct timespec *left);

usec_t __wrap_now_monotonic(void)
{
        return now_usec;
}

int __wrap_nanosleep(const struct timespec *pause, struct timespec *left _unused_)
{
        now_usec += (usec_t) pause->tv_nsec / 1000;
        return 0;
}

static void test_take__a_first_time(void **state)
{
        _cleanup_(turn_done) Turn turn = {.fd = -EBADF};
        const TestDirectory *d = *state;

        assert_int_equal(turn_take(d->path, "a.service", 0, &turn), 0);
        assert_int_equal(turn.times.reload_usec, 0);
        assert_int_equal(turn.times.restart_usec, 0);
        assert_int_equal(turn.times.failed_usec, 0);
}

static void test_take__the_next_finds_what_was_noted(void **state)
{
        const TestDirectory *d = *state;
        Turn turn = {.fd = -EBADF};

        assert_int_equal(turn_take(d->path, "a.service", 0, &turn), 0);
        turn.times = (TurnTimes){1, 2, 3};
        assert_int_equal(turn_save(&turn), 0);
        turn_done(&turn);
        assert_int_equal(turn_take(d->path, "a.service", 0, &turn), 0);
        assert_int_equal(turn.times.reload_usec, 1);
        assert_int_equal(turn.times.restart_usec, 2);
        assert_int_equal(turn.times.failed_usec, 3);
        turn_done(&turn);
        /* Of another unit nothing. */
        assert_int_equal(turn_take(d->path, "b.service", 0, &turn), 0);
        assert_int_equal(turn.times.reload_usec, 0);
        turn_done(&turn);
}

static void test_take__half_a_note_is_none(void **state)
{
        _cleanup_(turn_done) Turn turn = {.fd = -EBADF};
        const TestDirectory *d = *state;

        assert_int_equal(file_create(d->fd, "a.service", "\xff\xff\xff", 3, 0600), 0);
        assert_int_equal(turn_take(d->path, "a.service", 0, &turn), 0);
        assert_int_equal(turn.times.reload_usec, 0);
}

static void test_take__somebody_has_it(void **state)
{
        Turn first = {.fd = -EBADF}, second = {.fd = -EBADF};
        const TestDirectory *d = *state;

        now_usec = 0;
        assert_int_equal(turn_take(d->path, "a.service", 0, &first), 0);
        assert_int_equal(turn_take(d->path, "a.service", USEC_PER_SEC, &second), -ETIMEDOUT);
        assert_true(now_usec >= USEC_PER_SEC && now_usec < 2 * USEC_PER_SEC);
        turn_done(&first);
        assert_int_equal(turn_take(d->path, "a.service", 0, &second), 0);
        turn_done(&second);
        turn_done(&second);
}

static void test_take__no_symbolic_link(void **state)
{
        const TestDirectory *d = *state;
        Turn turn = {.fd = -EBADF};

        assert_int_equal(symlinkat("elsewhere", d->fd, "a.service"), 0);
        assert_int_equal(turn_take(d->path, "a.service", 0, &turn), -ELOOP);
        assert_int_equal(turn_take("/nonexistent", "a.service", 0, &turn), -ENOENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_take__a_first_time),
                        cmocka_directory_test(test_take__the_next_finds_what_was_noted),
                        cmocka_directory_test(test_take__half_a_note_is_none),
                        cmocka_directory_test(test_take__somebody_has_it),
                        cmocka_directory_test(test_take__no_symbolic_link),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
