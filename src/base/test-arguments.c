/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>

#include "base/arguments.h"
#include "base/exit-status.h"
#include "base/test.h"

static void test_arguments_take_name__table(_unused_ void **unused)
{
        static const struct {
                const char *words[4], *name;
                int status;
        } table[] = {
                        {{"x", "a.example"}, "a.example", EXIT_SUCCESS},
                        {{"x", "--", "a.example"}, "a.example", EXIT_SUCCESS},
                        {{"x", "--", "-h"}, "-h", EXIT_SUCCESS},
                        {{"x", "-h"}, NULL, EXIT_SUCCESS},
                        {{"x", "--help", "a.example"}, NULL, EXIT_SUCCESS},
                        {{"x", "--version"}, NULL, EXIT_SUCCESS},
                        {{"x"}, NULL, EXIT_CONFIGURATION},
                        {{"x", "a.example", "b.example"}, NULL, EXIT_CONFIGURATION},
                        {{"x", "--other", "a.example"}, NULL, EXIT_CONFIGURATION},
                        {{"x", "-v"}, NULL, EXIT_CONFIGURATION},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                char *argv[ELEMENTSOF(row->words) + 1] = {};
                int argc = 0, status = -1;
                const char *name;

                for (; argc < (int) ELEMENTSOF(row->words) && row->words[argc]; argc++)
                        argv[argc] = (char *) row->words[argc];
                /* Of getopt(3): from the beginning again. */
                optind = 0;
                name = arguments_take_name(argc, argv, "x", "x NAME\n", &status);
                assert_int_equal(status, row->status);
                assert_true(streq_ptr(name, row->name));
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_arguments_take_name__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
