/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/test.h"
#include "base/time-util.h"

static void test_format_timestamp__table(void **state _unused_)
{
        static const struct {
                usec_t moment_usec;
                const char *text;
        } rows[] = {
                        {0, "1970-01-01T00:00:00Z"},
                        {999999, "1970-01-01T00:00:00Z"},
                        {951782400 * USEC_PER_SEC, "2000-02-29T00:00:00Z"},
                        {1795435885 * USEC_PER_SEC, "2026-11-23T12:11:25Z"},
                        {2147483648 * USEC_PER_SEC, "2038-01-19T03:14:08Z"},
                        {253402300799 * USEC_PER_SEC, "9999-12-31T23:59:59Z"},
                        {253402300800 * USEC_PER_SEC, "never"},
                        {USEC_INFINITY, "never"},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                assert_string_equal(FORMAT_TIMESTAMP(row->moment_usec), row->text);
}

static void test_format_timespan__two_largest_units(void **state _unused_)
{
        static const struct {
                usec_t span_usec;
                const char *text;
        } rows[] = {
                        {0, "0s"},
                        {1, "1us"},
                        {40 * USEC_PER_MSEC, "40ms"},
                        {USEC_PER_SEC, "1s"},
                        {USEC_PER_SEC + 5, "1s"},
                        {USEC_PER_SEC + 5 * USEC_PER_MSEC, "1s 5ms"},
                        {200 * USEC_PER_SEC, "3min 20s"},
                        {USEC_PER_HOUR - 1, "59min 59s"},
                        {2 * USEC_PER_HOUR + 59 * USEC_PER_SEC, "2h"},
                        {29 * USEC_PER_DAY + 12 * USEC_PER_HOUR + 3, "29d 12h"},
                        {USEC_INFINITY - 1, "213503982d 8h"},
                        {USEC_INFINITY, "forever"},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                assert_string_equal(FORMAT_TIMESPAN(row->span_usec), row->text);
}

static void test_now__goes_on(void **state _unused_)
{
        usec_t monotonic = now_monotonic();

        /* Later than when this was written, and not in nanoseconds. */
        assert_true(now_realtime() > 1600000000 * USEC_PER_SEC);
        assert_true(now_realtime() < 253402300800 * USEC_PER_SEC);
        assert_true(now_monotonic() >= monotonic);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_format_timestamp__table),
                        cmocka_unit_test(test_format_timespan__two_largest_units),
                        cmocka_unit_test(test_now__goes_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
