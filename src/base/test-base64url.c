/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/base64url.h"
#include "base/test.h"

/* RFC 4648 section 10 without the padding, and RFC 7515 appendices A.1.1 and C. */
static void test_base64url_encode__rfc_vectors(void **state _unused_)
{
        static const struct {
                const char *data;
                size_t length;
                const char *encoded;
        } rows[] = {
                        {"", 0, ""},
                        {"f", 1, "Zg"},
                        {"fo", 2, "Zm8"},
                        {"foo", 3, "Zm9v"},
                        {"foob", 4, "Zm9vYg"},
                        {"fooba", 5, "Zm9vYmE"},
                        {"foobar", 6, "Zm9vYmFy"},
                        {"{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}",
                         30,
                         "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"},
                        {"\x03\xec\xff\xe0\xc1", 5, "A-z_4ME"},
                        {"\0\0\0", 3, "AAAA"},
                        {"\xff\xff\xff\xff", 4, "_____w"},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *s = base64url_encode(row->data, row->length);
                unsigned char data[64];
                size_t length;

                assert_string_equal(s, row->encoded);
                assert_int_equal(base64url_decode(row->encoded, data, sizeof(data), &length), 0);
                assert_int_equal(length, row->length);
                assert_memory_equal(data, row->data, length);
        }
}

static void test_base64url_encode__long(void **state _unused_)
{
        for (size_t length = 0; length < 300; length++) {
                _cleanup_free_ char *data = calloc(1, length + 1), *s = NULL;

                s = base64url_encode(data, length);
                assert_int_equal(strlen(s), (length * 8 + 5) / 6);
                assert_int_equal(strspn(s, "A"), strlen(s));
        }
}

static void test_base64url_decode__refused(void **state _unused_)
{
        static const char *const rows[] =
                        {"A", "AAAAA", "Zh", "Zm9vYh", "Zg==", "Zm+v", "Zm/v", " Zg", "Zg\n"};
        unsigned char data[8];
        size_t length = 42;

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                assert_row(*row, base64url_decode(*row, data, sizeof(data), &length) == -EBADMSG);
        assert_int_equal(base64url_decode("Zm9v", data, 2, &length), -EFBIG);
        assert_int_equal(length, 42);
}

static void test_base64url_is_valid__table(void **state _unused_)
{
        static const struct {
                const char *s;
                size_t min, max;
                bool valid;
        } rows[] = {
                        {"", 0, 4, true},
                        {"", 1, 4, false},
                        {"abc", 1, 4, true},
                        {"abcd", 1, 4, true},
                        {"abcde", 1, 4, false},
                        {"ab", 3, 4, false},
                        {"A-z_", 4, 4, true},
                        {"AZaz09-_", 8, 8, true},
                        {"ab=", 1, 4, false},
                        {"a+b", 1, 4, false},
                        {"a/b", 1, 4, false},
                        {"a.b", 1, 4, false},
                        {"a\n", 1, 4, false},
                        {"\xc3\xbc", 1, 4, false},
                        {"@[`{", 1, 4, false},
                        {"../a", 1, 9, false},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                assert_row(row->s, base64url_is_valid(row->s, row->min, row->max) == row->valid);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_base64url_encode__rfc_vectors),
                        cmocka_unit_test(test_base64url_encode__long),
                        cmocka_unit_test(test_base64url_decode__refused),
                        cmocka_unit_test(test_base64url_is_valid__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
