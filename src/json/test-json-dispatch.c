/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One table with a row of each kind, against objects that each break one rule. */

#include "base/test.h"
#include "json/json.h"

typedef struct Target {
        const char *word;
        const char *text;
        int64_t number;
        int64_t large;
        bool flag;
        struct json_object *object;
        struct json_object *array;
        struct json_object *words;
} Target;

static bool is_lower(const char *s)
{
        return s[strspn(s, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

static const JsonField fields[] = {
                {"word", JSON_STRING, offsetof(Target, word), 5, is_lower, JSON_MANDATORY},
                {"text", JSON_STRING, offsetof(Target, text), .flags = JSON_NULLABLE},
                {"number", JSON_INTEGER, offsetof(Target, number), 100},
                {"large", JSON_INTEGER, offsetof(Target, large)},
                {"flag", JSON_BOOLEAN, offsetof(Target, flag)},
                {"object", JSON_OBJECT, offsetof(Target, object)},
                {"array", JSON_ARRAY, offsetof(Target, array), .max_elements = 2},
                {"words",
                 JSON_STRING_ARRAY,
                 offsetof(Target, words),
                 3,
                 is_lower,
                 JSON_NULLABLE,
                 .max_elements = 2},
                {},
};

static struct json_object *parse(const char *text)
{
        struct json_object *object;

        assert_row(text, json_parse(text, strlen(text), &object) == 0);
        return object;
}

static void test_json_dispatch__fills_the_target(void **state _unused_)
{
        _cleanup_json_ struct json_object *object = NULL;
        Target t = {};

        object = parse("{\"word\":\"abcde\",\"text\":\"Any \xc3\xbc\",\"number\":100,"
                       "\"large\":9223372036854775806,\"flag\":true,\"object\":{\"x\":1},"
                       "\"array\":[1,null],\"words\":[\"a\",\"abc\"]}");
        assert_int_equal(json_dispatch(object, fields, &t, 0, NULL), 0);
        assert_string_equal(t.word, "abcde");
        assert_string_equal(t.text, "Any \xc3\xbc");
        assert_int_equal(t.number, 100);
        assert_int_equal(t.large, INT64_MAX - 1);
        assert_true(t.flag);
        assert_true(json_object_is_type(t.object, json_type_object));
        assert_int_equal(json_object_array_length(t.array), 2);
        assert_int_equal(json_object_array_length(t.words), 2);
}

static void test_json_dispatch__absent_is_left_alone(void **state _unused_)
{
        _cleanup_json_ struct json_object *object = NULL;
        Target t = {.text = "before", .number = 7, .flag = true};

        object = parse("{\"word\":\"\",\"text\":null,\"words\":null}");
        assert_int_equal(json_dispatch(object, fields, &t, 0, NULL), 0);
        assert_string_equal(t.word, "");
        assert_string_equal(t.text, "before");
        assert_int_equal(t.number, 7);
        assert_true(t.flag);
        assert_null(t.words);
}

static void test_json_dispatch__refuses(void **state _unused_)
{
        static const struct {
                const char *text;
                const char *field;
        } rows[] = {
                        {"{}", "word"},
                        {"{\"word\":null}", "word"},
                        {"{\"word\":1}", "word"},
                        {"{\"word\":[\"a\"]}", "word"},
                        {"{\"word\":\"abcdef\"}", "word"},
                        {"{\"word\":\"Abc\"}", "word"},
                        {"{\"word\":\"a\",\"other\":1}", "other"},
                        {"{\"word\":\"a\",\"Word\":\"a\"}", "Word"},
                        {"{\"word\":\"a\",\"\":1}", ""},
                        {"{\"word\":\"a\",\"text\":true}", "text"},
                        {"{\"word\":\"a\",\"number\":101}", "number"},
                        {"{\"word\":\"a\",\"number\":-1}", "number"},
                        {"{\"word\":\"a\",\"number\":1.0}", "number"},
                        {"{\"word\":\"a\",\"number\":1e1}", "number"},
                        {"{\"word\":\"a\",\"number\":\"1\"}", "number"},
                        {"{\"word\":\"a\",\"number\":true}", "number"},
                        {"{\"word\":\"a\",\"number\":null}", "number"},
                        {"{\"word\":\"a\",\"large\":9223372036854775807}", "large"},
                        {"{\"word\":\"a\",\"large\":9223372036854775808}", "large"},
                        {"{\"word\":\"a\",\"large\":18446744073709551616}", "large"},
                        {"{\"word\":\"a\",\"large\":99999999999999999999999999}", "large"},
                        {"{\"word\":\"a\",\"large\":-9223372036854775809}", "large"},
                        {"{\"word\":\"a\",\"flag\":1}", "flag"},
                        {"{\"word\":\"a\",\"flag\":\"true\"}", "flag"},
                        {"{\"word\":\"a\",\"object\":[]}", "object"},
                        {"{\"word\":\"a\",\"object\":null}", "object"},
                        {"{\"word\":\"a\",\"array\":{}}", "array"},
                        {"{\"word\":\"a\",\"array\":[1,2,3]}", "array"},
                        {"{\"word\":\"a\",\"words\":\"a\"}", "words"},
                        {"{\"word\":\"a\",\"words\":[1]}", "words"},
                        {"{\"word\":\"a\",\"words\":[null]}", "words"},
                        {"{\"word\":\"a\",\"words\":[\"abcd\"]}", "words"},
                        {"{\"word\":\"a\",\"words\":[\"A\"]}", "words"},
                        {"{\"word\":\"a\",\"words\":[\"a\",\"b\",\"c\"]}", "words"},
                        {"[]", ""},
                        {"null", ""},
                        {"\"word\"", ""},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_json_ struct json_object *object = parse(row->text);
                const char *field = NULL;
                Target t = {};

                assert_row(row->text, json_dispatch(object, fields, &t, 0, &field) == -EBADMSG);
                assert_string_equal(field, row->field);
        }
}

static void test_json_dispatch__unknown_members_may_be_allowed(void **state _unused_)
{
        _cleanup_json_ struct json_object *object = parse("{\"new\":{},\"word\":\"a\",\"x\":1}");
        Target t = {};

        assert_int_equal(json_dispatch(object, fields, &t, JSON_ALLOW_UNKNOWN, NULL), 0);
        assert_string_equal(t.word, "a");
}

static void test_json_dispatch__an_empty_table(void **state _unused_)
{
        static const JsonField none[] = {{}};
        _cleanup_json_ struct json_object *empty = parse("{}"), *one = parse("{\"a\":1}");

        assert_int_equal(json_dispatch(empty, none, NULL, 0, NULL), 0);
        assert_int_equal(json_dispatch(one, none, NULL, 0, NULL), -EBADMSG);
        assert_int_equal(json_dispatch(one, none, NULL, JSON_ALLOW_UNKNOWN, NULL), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_json_dispatch__fills_the_target),
                        cmocka_unit_test(test_json_dispatch__absent_is_left_alone),
                        cmocka_unit_test(test_json_dispatch__refuses),
                        cmocka_unit_test(test_json_dispatch__unknown_members_may_be_allowed),
                        cmocka_unit_test(test_json_dispatch__an_empty_table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
