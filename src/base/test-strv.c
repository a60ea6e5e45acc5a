/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/strv.h"
#include "base/test.h"

/* A list from its strings with commas between them; "" is the empty list. */
static char **list_of(const char *text)
{
        _cleanup_free_ char *copy = strdup(text);
        char **list = NULL;

        assert_non_null(copy);
        for (char *rest = copy, *item; (item = strsep(&rest, ",")) && *text;)
                assert_int_equal(strv_append(&list, item), 0);
        return list;
}

static void assert_list(char *const *list, const char *expected)
{
        _cleanup_free_ char *joined = NULL;

        assert_int_equal(strv_join(list, ",", &joined), 0);
        assert_string_equal(joined, expected);
}

static void test_strv_append__keeps_order_and_end(void **state _unused_)
{
        _cleanup_strv_free_ char **list = NULL;

        for (int i = 0; i < 100; i++)
                assert_int_equal(strv_append(&list, i % 2 ? "b" : "a"), 0);
        assert_int_equal(strv_length(list), 100);
        assert_string_equal(list[99], "b");
        assert_null(list[100]);
}

static void test_strv__null_is_the_empty_list(void **state _unused_)
{
        _cleanup_strv_free_ char **copy = NULL;
        char *nothing[] = {NULL};

        strv_free(NULL);
        strv_sort_unique(NULL);
        assert_int_equal(strv_length(NULL), 0);
        assert_false(strv_contains(NULL, ""));
        assert_true(strv_equal(NULL, nothing));
        assert_int_equal(strv_copy(NULL, &copy), 0);
        assert_non_null(copy);
        assert_int_equal(strv_length(copy), 0);
        assert_list(NULL, "");
}

static void test_strv_sort_unique__drops_what_stands_twice(void **state _unused_)
{
        static const char *const rows[][2] = {
                        {"", ""},
                        {"a", "a"},
                        {"b,a", "a,b"},
                        {"a,a", "a"},
                        {"b,a,b,a,b", "a,b"},
                        {"a,a.b,B,a", "B,a,a.b"},
                        {"c,b,a,c", "a,b,c"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_strv_free_ char **list = list_of(rows[i][0]);

                strv_sort_unique(list);
                assert_list(list, rows[i][1]);
        }
}

static void test_strv_equal__same_strings_same_order(void **state _unused_)
{
        static const struct {
                const char *a, *b;
                bool equal;
        } rows[] = {
                        {"", "", true},
                        {"a,b", "a,b", true},
                        {"a,b", "b,a", false},
                        {"a", "a,a", false},
                        {"a", "", false},
                        {"a", "A", false},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_strv_free_ char **a = list_of(row->a), **b = list_of(row->b);

                assert_row(row->a, strv_equal(a, b) == row->equal);
                assert_row(row->a, strv_equal(b, a) == row->equal);
        }
}

static void test_strv_copy__is_independent(void **state _unused_)
{
        _cleanup_strv_free_ char **list = list_of("x,y"), **copy = NULL;

        assert_int_equal(strv_copy(list, &copy), 0);
        list[0][0] = 'z';
        assert_list(copy, "x,y");
        assert_true(strv_contains(copy, "y"));
        assert_false(strv_contains(copy, "z"));
}

static void test_strv_join__separates(void **state _unused_)
{
        _cleanup_strv_free_ char **list = list_of("one,two,three");
        _cleanup_free_ char *joined = NULL, *glued = NULL;

        assert_int_equal(strv_join(list, ", ", &joined), 0);
        assert_string_equal(joined, "one, two, three");
        assert_int_equal(strv_join(list, "", &glued), 0);
        assert_string_equal(glued, "onetwothree");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_strv_append__keeps_order_and_end),
                        cmocka_unit_test(test_strv__null_is_the_empty_list),
                        cmocka_unit_test(test_strv_sort_unique__drops_what_stands_twice),
                        cmocka_unit_test(test_strv_equal__same_strings_same_order),
                        cmocka_unit_test(test_strv_copy__is_independent),
                        cmocka_unit_test(test_strv_join__separates),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
