/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/stat.h>

#include "base/test.h"
#include "ctl/names.h"

static void make(const TestDirectory *d, const char *path)
{
        char *whole;

        assert_true(asprintf(&whole, "%s/%s", d->path, path) > 0);
        assert_int_equal(mkdir(whole, 0755), 0);
        free(whole);
}

/* One letter more than a NAME may have (64). */
#define TOO_LONG                                                                                   \
        "var/lib/acme/certs/"                                                                      \
        "01234567890123456789012345678901234567890123456789012345678901234"

static void test_names_list__both_places_and_nothing_else(void **state)
{
        static const char *const entries[] = {
                        "etc",
                        "etc/acme",
                        "etc/acme/certs",
                        "etc/acme/certs/b.conf",
                        "etc/acme/certs/c.example.conf.d",
                        "etc/acme/certs/d.conf.dpkg-old",
                        "etc/acme/certs/UPPER.conf",
                        "etc/acme/certs/.conf",
                        "etc/acme/certs/README",
                        "var",
                        "var/lib",
                        "var/lib/acme",
                        "var/lib/acme/certs",
                        "var/lib/acme/certs/b",
                        "var/lib/acme/certs/a",
                        "var/lib/acme/certs/x\033[2J",
                        TOO_LONG,
        };
        static char *expected[] = {"a", "b", "c.example", NULL};
        const TestDirectory *d = *state;
        _cleanup_strv_free_ char **names = NULL;

        assert_int_equal(names_list(d->path, &names), 0);
        assert_null(names);
        FOREACH_ARRAY (entry, entries, ELEMENTSOF(entries))
                make(d, *entry);
        assert_int_equal(names_list(d->path, &names), 0);
        assert_true(strv_equal(names, expected));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test_setup_teardown(
                                        test_names_list__both_places_and_nothing_else,
                                        test_directory_setup,
                                        test_directory_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
