/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "visitors/visitors.h"

#define N 3

static int pairs[N][2];
static Visitor *all[N];
static Visitors visitors;

/* Visitor i arrives at second 100 + i. */
static int setup(void **state _unused_)
{
        visitors = (Visitors){};
        for (unsigned i = 0; i < N; i++) {
                assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pairs[i]), 0);
                all[i] = visitors_add(&visitors, pairs[i][0], (100 + i) * USEC_PER_SEC);
                assert_non_null(all[i]);
        }
        return 0;
}

static int teardown(void **state _unused_)
{
        for (unsigned i = 0; i < N; i++) {
                visitors_remove(&visitors, all[i]);
                close(pairs[i][0]);
                close(pairs[i][1]);
        }
        assert_int_equal(visitors.n, 0);
        assert_null(visitors.first);
        assert_null(visitors.last);
        return 0;
}

static bool is_shut(unsigned i)
{
        char byte;

        return recv(pairs[i][1], &byte, 1, 0) == 0;
}

static void test_visitors_expire__in_the_order_of_arrival(void **state _unused_)
{
        usec_t end = 100 * USEC_PER_SEC + VISIT_TIMEOUT_USEC;

        assert_int_equal(visitors_expire(&visitors, false, end - 1), end);
        assert_false(is_shut(0));
        assert_int_equal(visitors_expire(&visitors, false, end), end + USEC_PER_SEC);
        assert_true(is_shut(0));
        assert_false(is_shut(1));
        assert_true(visitors_expire(&visitors, false, end + USEC_PER_HOUR) == USEC_INFINITY);
        assert_true(is_shut(1));
        assert_true(is_shut(2));
}

static void test_visitors_expire__when_full(void **state _unused_)
{
        assert_int_equal(visitors_expire(&visitors, true, 103 * USEC_PER_SEC),
                         101 * USEC_PER_SEC + VISIT_TIMEOUT_USEC);
        assert_true(is_shut(0));
        assert_false(is_shut(1));
        (void) visitors_expire(&visitors, true, 103 * USEC_PER_SEC);
        assert_true(is_shut(1));
        assert_false(is_shut(2));
}

static void test_visitors_remove__from_the_middle(void **state _unused_)
{
        visitors_remove(&visitors, TAKE_PTR(all[1]));
        assert_int_equal(visitors.n, 2);
        assert_true(visitors_expire(&visitors, false, USEC_PER_DAY) == USEC_INFINITY);
        assert_true(is_shut(0));
        assert_false(is_shut(1));
        assert_true(is_shut(2));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test_setup_teardown(
                                        test_visitors_expire__in_the_order_of_arrival,
                                        setup,
                                        teardown),
                        cmocka_unit_test_setup_teardown(test_visitors_expire__when_full,
                                                        setup,
                                                        teardown),
                        cmocka_unit_test_setup_teardown(test_visitors_remove__from_the_middle,
                                                        setup,
                                                        teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
