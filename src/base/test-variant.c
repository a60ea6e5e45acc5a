/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/test.h"
#include "base/variant.h"

static const struct {
        const char *path, *variant, *expected;
} rows[] = {
                {"privkey.pem", NULL, "privkey.pem"},
                {"privkey.pem", "rsa", "privkey.rsa.pem"},
                {"state.json", "ec", "state.ec.json"},
                {"pending", "rsa", "pending.rsa"},
                {"/etc/ssl/site.example.pem", "rsa", "/etc/ssl/site.example.rsa.pem"},
                {"/etc/ssl.d/site", "rsa", "/etc/ssl.d/site.rsa"},
                {"/etc/ssl.d/.site", "rsa", "/etc/ssl.d/.site.rsa"},
                {"/etc/.d/.site.pem", "ec", "/etc/.d/.site.ec.pem"},
};

static void test_variant_path(void **state _unused_)
{
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                char *path;

                assert_int_equal(variant_path(row->path, row->variant, &path), 0);
                assert_string_equal(path, row->expected);
                free(path);
        }
}

static void test_variant_file__is_the_same(void **state _unused_)
{
        char buffer[VARIANT_FILE_MAX];

        FOREACH_ARRAY (row, rows, 4U)
                assert_string_equal(variant_file(row->path, row->variant, buffer), row->expected);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_variant_path),
                        cmocka_unit_test(test_variant_file__is_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
