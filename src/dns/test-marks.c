/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/test.h"
#include "dns/marks.h"

#define VALUE "0123456789012345678901234567890123456789abc"
#define OTHER "abc0123456789012345678901234567890123456789"

static void test_marks__outlast_their_process(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_strv_free_ char **identifiers = NULL, **values = NULL;
        int fd = marks_open(d->path, "www", true);

        assert_true(fd >= 0);
        /* One works with them at a time. */
        assert_int_equal(marks_open(d->path, "www", false), -EWOULDBLOCK);
        assert_int_equal(marks_add(fd, "a.example", VALUE), 0);
        assert_int_equal(marks_add(fd, "a.example", VALUE), 0);
        assert_int_equal(marks_add(fd, "b.example", VALUE), -EEXIST);
        close(fd);
        fd = marks_open(d->path, "www", false);
        assert_true(fd >= 0);
        assert_int_equal(marks_list(fd, &identifiers, &values), 0);
        assert_int_equal(strv_length(identifiers), 1);
        assert_string_equal(identifiers[0], "a.example");
        assert_string_equal(values[0], VALUE);
        assert_int_equal(marks_remove(fd, VALUE), 0);
        assert_int_equal(marks_remove(fd, VALUE), 0);
        close(fd);
}

/* What a crash, or a person, has left there is dropped. */
static void test_marks_list__what_is_no_mark(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_strv_free_ char **identifiers = NULL, **values = NULL;
        int fd = marks_open(d->path, "www", true);

        assert_true(fd >= 0);
        assert_int_equal(file_create(fd, "x", "a.example", 9, 0600), 0);
        assert_int_equal(file_create(fd, VALUE, "", 0, 0600), 0);
        assert_int_equal(file_create(fd, OTHER, "a\nb", 3, 0600), 0);
        assert_int_equal(marks_list(fd, &identifiers, &values), 0);
        assert_int_equal(strv_length(values), 0);
        assert_int_equal(faccessat(fd, "x", F_OK, 0), -1);
        assert_int_equal(faccessat(fd, OTHER, F_OK, 0), -1);
        /* It is made anew. */
        assert_int_equal(file_create(fd, VALUE, "", 0, 0600), 0);
        assert_int_equal(marks_add(fd, "a.example", VALUE), 0);
        assert_int_equal(marks_list(fd, &identifiers, &values), 0);
        assert_string_equal(values[0], VALUE);
        close(fd);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_marks__outlast_their_process),
                        cmocka_directory_test(test_marks_list__what_is_no_mark),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
