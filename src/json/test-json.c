/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/strv.h"
#include "base/test.h"
#include "json/json-scan.h"
#include "json/json.h"

#define TEXT(s) (s), sizeof(s) - 1

typedef struct Row {
        const char *text;
        size_t length;
} Row;

static void test_json_parse__takes_what_the_rfc_allows(void **state _unused_)
{
        static const Row rows[] = {
                        {TEXT("{}")},
                        {TEXT("[]")},
                        {TEXT(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n")},
                        {TEXT("null")},
                        {TEXT("true")},
                        {TEXT("false")},
                        {TEXT("0")},
                        {TEXT("-0")},
                        {TEXT("12")},
                        {TEXT("-1.5e+10")},
                        {TEXT("1E-2")},
                        {TEXT("0.0")},
                        {TEXT("1e5")},
                        {TEXT("123456789012345678901234567890")},
                        {TEXT("\"\"")},
                        {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fC\"")},
                        {TEXT("\"\\ud83d\\udd12\"")},
                        {TEXT("\"\xf0\x9f\x94\x92\"")},
                        {TEXT("\"\x7f\"")},
                        {TEXT("{\"\":1}")},
                        {TEXT("{\"a\":1,\"A\":2}")},
                        {TEXT("{\"a\":{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}}")},
                        {TEXT("[\"a\",\"a\"]")},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_json_ struct json_object *value = NULL;

                assert_row(row->text, json_parse(row->text, row->length, &value) == 0);
        }
}

static const Row refused[] = {
                {TEXT("")},
                {TEXT(" ")},
                {TEXT("{")},
                {TEXT("}")},
                {TEXT("[")},
                {TEXT("[1")},
                {TEXT("[1,")},
                {TEXT("[1,]")},
                {TEXT("[,1]")},
                {TEXT("[1 2]")},
                {TEXT("[1}")},
                {TEXT("{\"a\"}")},
                {TEXT("{\"a\":}")},
                {TEXT("{\"a\":1,}")},
                {TEXT("{,\"a\":1}")},
                {TEXT("{\"a\" 1}")},
                {TEXT("{a:1}")},
                {TEXT("{'a':1}")},
                {TEXT("{1:1}")},
                {TEXT("{\"a\":1]")},
                /* Bytes behind the value. */
                {TEXT("{}{}")},
                {TEXT("{} x")},
                {TEXT("1 2")},
                {TEXT("null,")},
                {TEXT("{}\0")},
                {TEXT("\0{}")},
                {TEXT("\xef\xbb\xbf{}")},
                /* Space that is none. */
                {TEXT("\f1")},
                {TEXT("\v1")},
                {TEXT("\xc2\xa0"
                      "1")},
                /* What json-c or JavaScript takes beside. */
                {TEXT("NaN")},
                {TEXT("nan")},
                {TEXT("Infinity")},
                {TEXT("-Infinity")},
                {TEXT("True")},
                {TEXT("NULL")},
                {TEXT("nul")},
                {TEXT("truex")},
                {TEXT("/* */1")},
                {TEXT("1// x")},
                {TEXT("'a'")},
                {TEXT("undefined")},
                /* Numbers. */
                {TEXT("-")},
                {TEXT("+1")},
                {TEXT("01")},
                {TEXT("-01")},
                {TEXT("1.")},
                {TEXT(".5")},
                {TEXT("1.e5")},
                {TEXT("1e")},
                {TEXT("1e+")},
                {TEXT("0x10")},
                {TEXT("1_000")},
                /* Strings. */
                {TEXT("\"")},
                {TEXT("\"abc")},
                {TEXT("\"a\\\"")},
                {TEXT("\"\\")},
                {TEXT("\"\\x41\"")},
                {TEXT("\"\\a\"")},
                {TEXT("\"\\\0\"")},
                {TEXT("\"\\u12\"")},
                {TEXT("\"\\u12g4\"")},
                {TEXT("\"\\U0041\"")},
                {TEXT("\"a\nb\"")},
                {TEXT("\"a\tb\"")},
                {TEXT("\"a\0b\"")},
                {TEXT("\"\x1f\"")},
                /* A NUL by an escape, in a value and in a name. */
                {TEXT("\"a\\u0000b\"")},
                {TEXT("{\"a\\u0000b\":1}")},
                /* Half a pair of surrogates. */
                {TEXT("\"\\ud83d\"")},
                {TEXT("\"\\ud83d\\n\"")},
                {TEXT("\"\\ud83d\\u0041\"")},
                {TEXT("\"\\udd12\"")},
                {TEXT("\"\\udd12\\ud83d\"")},
                {TEXT("\"\\ud83d\\ud83d\"")},
                /* Not UTF-8. */
                {TEXT("\"\xff\"")},
                {TEXT("\"\xc0\xaf\"")},
                {TEXT("\"\xed\xa0\x80\"")},
                {TEXT("\"\xc3\"")},
                /* Members that stand twice. */
                {TEXT("{\"a\":1,\"a\":1}")},
                {TEXT("{\"a\":1,\"b\":2,\"a\":3}")},
                {TEXT("{\"a\":1,\"\\u0061\":1}")},
                {TEXT("{\"x\":{\"a\":1,\"a\":2}}")},
                {TEXT("[{\"a\":1},{\"a\":1,\"a\":2}]")},
                {TEXT("{\"a\":{\"b\":1},\"a\":{\"b\":1}}")},
};

static void test_json_parse__refuses_the_rest(void **state _unused_)
{
        FOREACH_ARRAY (row, refused, ELEMENTSOF(refused)) {
                _cleanup_free_ char *exact = malloc(row->length + !row->length);
                struct json_object *value = NULL;

                /* Under ASan: no byte behind the end is read. */
                memcpy(exact, row->text, row->length);
                assert_row(row->text, json_parse(exact, row->length, &value) == -EBADMSG);
                assert_null(value);
        }
}

/* depth times "[", or {"a":, around a number. */
static char *nest(unsigned depth, const char *open, const char *close)
{
        char *text = calloc(1, depth * (strlen(open) + strlen(close)) + 2);

        for (unsigned i = 0; i < depth; i++)
                strcat(text, open);
        strcat(text, "1");
        for (unsigned i = 0; i < depth; i++)
                strcat(text, close);
        return text;
}

static void test_json_parse__depth(void **state _unused_)
{
        static const char *const brackets[][2] = {{"[", "]"}, {"{\"a\":", "}"}};
        static const unsigned depths[] = {1, 15, JSON_DEPTH_MAX, JSON_DEPTH_MAX + 1, 1000};

        for (size_t b = 0; b < ELEMENTSOF(brackets); b++)
                for (size_t i = 0; i < ELEMENTSOF(depths); i++) {
                        _cleanup_json_ struct json_object *value = NULL;
                        _cleanup_free_ char *text = NULL;
                        int r;

                        text = nest(depths[i], brackets[b][0], brackets[b][1]);
                        r = json_parse(text, strlen(text), &value);
                        assert_row(text, r == (depths[i] <= JSON_DEPTH_MAX ? 0 : -EBADMSG));
                }
}

static void test_json_parse__open_brackets_without_end(void **state _unused_)
{
        _cleanup_free_ char *text = malloc(1 << 20);
        struct json_object *value = NULL;

        memset(text, '[', 1 << 20);
        assert_int_equal(json_parse(text, 1 << 20, &value), -EBADMSG);
}

static void test_json_parse__prefixes_of_a_document(void **state _unused_)
{
        static const char text[] = "{\"a\":[1,-2.5e3,true,null,\"\\u00fc\\ud83d\\udd12\xc3\xbc\"]}";

        for (size_t length = 0; length < sizeof(text) - 1; length++) {
                _cleanup_free_ char *exact = malloc(length + !length);
                struct json_object *value = NULL;

                memcpy(exact, text, length);
                assert_int_equal(json_parse(exact, length, &value), -EBADMSG);
        }
}

static void test_json_parse__values(void **state _unused_)
{
        static const char text[] = "{\"s\":\"\\u00fc/\\/\\ud83d\\udd12\",\"n\":-12,\"b\":true}";
        _cleanup_json_ struct json_object *object = NULL;
        struct json_object *value;

        assert_int_equal(json_parse(TEXT(text), &object), 0);
        assert_true(json_object_object_get_ex(object, "s", &value));
        assert_string_equal(json_object_get_string(value), "\xc3\xbc//\xf0\x9f\x94\x92");
        assert_true(json_object_object_get_ex(object, "n", &value));
        assert_int_equal(json_object_get_int64(value), -12);
        assert_true(json_object_object_get_ex(object, "b", &value));
        assert_true(json_object_get_boolean(value));
}

static void test_json_scan__counts_members(void **state _unused_)
{
        static const struct {
                const char *text;
                size_t members;
        } rows[] = {
                        {"1", 0},
                        {"{}", 0},
                        {"{\"a\":1}", 1},
                        {"{\"a\":{\"b\":1,\"c\":[{\"d\":1}]}}", 4},
                        {"{\"a\":1,\"a\":1}", 2},
                        {"[\"a\",\"b:\"]", 0},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                size_t members;

                assert_row(row->text, json_scan(row->text, strlen(row->text), &members) == 0);
                assert_int_equal(members, row->members);
        }
}

static void test_json_format__one_line(void **state _unused_)
{
        _cleanup_json_ struct json_object *object = NULL;
        const char *text;
        size_t length;

        assert_int_equal(json_parse(TEXT("{ \"a\" : \"x/y\\n\" , \"b\" : [ 1, 2 ] }"), &object), 0);
        assert_int_equal(json_format(object, &text, &length), 0);
        assert_string_equal(text, "{\"a\":\"x/y\\n\",\"b\":[1,2]}");
        assert_int_equal(length, strlen(text));
        assert_int_equal(json_format(object, &text, NULL), 0);
}

static void test_json_add__builds(void **state _unused_)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();
        char *list[] = {(char *) "x", (char *) "y", NULL};
        const char *text;

        assert_int_equal(json_add_string(object, "s", "a\"b"), 0);
        assert_int_equal(json_add_integer(object, "i", INT64_MAX), 0);
        assert_int_equal(json_add_boolean(object, "t", true), 0);
        assert_int_equal(json_add_strv(object, "l", list), 0);
        assert_int_equal(json_add_strv(object, "e", NULL), 0);
        assert_int_equal(json_add(object, "o", json_object_new_object()), 0);
        assert_int_equal(json_add(object, "missing", NULL), -ENOMEM);
        assert_int_equal(json_format(object, &text, NULL), 0);
        assert_string_equal(text,
                            "{\"s\":\"a\\\"b\",\"i\":9223372036854775807,\"t\":true,"
                            "\"l\":[\"x\",\"y\"],\"e\":[],\"o\":{}}");
}

static void test_json_to_strv__copies(void **state _unused_)
{
        _cleanup_json_ struct json_object *array = NULL;
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *joined = NULL;

        assert_int_equal(json_parse(TEXT("[\"a\",\"b\"]"), &array), 0);
        assert_int_equal(json_to_strv(array, &list), 0);
        assert_int_equal(strv_join(list, "+", &joined), 0);
        assert_string_equal(joined, "a+b");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_json_parse__takes_what_the_rfc_allows),
                        cmocka_unit_test(test_json_parse__refuses_the_rest),
                        cmocka_unit_test(test_json_parse__depth),
                        cmocka_unit_test(test_json_parse__open_brackets_without_end),
                        cmocka_unit_test(test_json_parse__prefixes_of_a_document),
                        cmocka_unit_test(test_json_parse__values),
                        cmocka_unit_test(test_json_scan__counts_members),
                        cmocka_unit_test(test_json_format__one_line),
                        cmocka_unit_test(test_json_add__builds),
                        cmocka_unit_test(test_json_to_strv__copies),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
