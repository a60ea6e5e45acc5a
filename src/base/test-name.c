/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/name.h"
#include "base/test.h"

#define TEN "0123456789"

static void test_certificate_name_is_valid__table(void **state _unused_)
{
        static const struct {
                const char *name;
                bool valid;
        } rows[] = {
                        {"a", true},
                        {"0", true},
                        {"example.org", true},
                        {"xn--bcher-kva.example", true},
                        {"mail_internal-2", true},
                        {"a..b", true},
                        {TEN TEN TEN TEN TEN TEN "abcd", true},
                        {TEN TEN TEN TEN TEN TEN "abcde", false},
                        {"", false},
                        {".", false},
                        {"..", false},
                        {".a", false},
                        {"a.", false},
                        {"-a", false},
                        {"a-", false},
                        {"_a", false},
                        {"a_", false},
                        {"A", false},
                        {"Example.org", false},
                        {"a/b", false},
                        {"../a", false},
                        {"a b", false},
                        {"a@b", false},
                        {"a\\x2db", false},
                        {"*.example.org", false},
                        {"2001:db8::1", false},
                        {"b\xc3\xbc"
                         "cher",
                         false},
                        {"a\n", false},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                assert_row(row->name, certificate_name_is_valid(row->name) == row->valid);
                assert_row(row->name, ca_name_is_valid(row->name) == row->valid);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_certificate_name_is_valid__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
