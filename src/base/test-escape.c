/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/escape.h"
#include "base/test.h"

#define TEXT(s) (s), sizeof(s) - 1

static void test_escape_foreign__keeps_what_can_be_shown(void **state _unused_)
{
        static const char *const rows[] = {
                        "",
                        "plain ASCII ~!@#$%^&*()_+ \"quoted\" 'too'",
                        "Gr\xc3\xbc\xc3\x9f.",              /* U+00FC, U+00DF */
                        "\xe4\xb8\xad\xe6\x96\x87",         /* U+4E2D U+6587 */
                        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", /* Hebrew letters */
                        "\xf0\x9f\x94\x92",                 /* U+1F512 */
                        "\xc2\xa0",                         /* U+00A0, the first behind C1 */
                        "\xef\xbf\xbd",                     /* U+FFFD */
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *s = NULL;

                s = escape_foreign(rows[i], strlen(rows[i]), FOREIGN_TEXT_MAX);
                assert_non_null(s);
                assert_string_equal(s, rows[i]);
        }
}

static void test_escape_foreign__escapes_the_rest(void **state _unused_)
{
        static const struct {
                const char *text;
                size_t length;
                const char *escaped;
        } rows[] = {
                        {TEXT("a\nb"), "a\\x0ab"},
                        {TEXT("a\0b"), "a\\x00b"},
                        {TEXT("\t\r\x7f"), "\\x09\\x0d\\x7f"},
                        {TEXT("\x1b[31mred"), "\\x1b[31mred"},
                        {TEXT("\x1b]0;title\x07"), "\\x1b]0;title\\x07"},
                        {TEXT("back\\slash"), "back\\x5cslash"},
                        {TEXT("\\x41"), "\\x5cx41"},
                        /* C1: CSI as U+009B in UTF-8, and as the raw byte. */
                        {TEXT("\xc2\x9b"
                              "31m"),
                         "\\xc2\\x9b31m"},
                        {TEXT("\x9b"
                              "31m"),
                         "\\x9b31m"},
                        {TEXT("\xc2\x85"), "\\xc2\\x85"},
                        /* Bidi: override, isolate, marks. */
                        {TEXT("\xe2\x80\xae"
                              "txt"),
                         "\\xe2\\x80\\xaetxt"},
                        {TEXT("\xe2\x81\xa6"), "\\xe2\\x81\\xa6"},
                        {TEXT("\xe2\x80\x8f"), "\\xe2\\x80\\x8f"},
                        {TEXT("\xd8\x9c"), "\\xd8\\x9c"},
                        /* Zero width, soft hyphen, byte order mark, separators, fillers, tags. */
                        {TEXT("\xe2\x80\x8b"), "\\xe2\\x80\\x8b"},
                        {TEXT("\xc2\xad"), "\\xc2\\xad"},
                        {TEXT("\xef\xbb\xbf"), "\\xef\\xbb\\xbf"},
                        {TEXT("\xe2\x80\xa8"), "\\xe2\\x80\\xa8"},
                        {TEXT("\xe3\x85\xa4"), "\\xe3\\x85\\xa4"},
                        {TEXT("\xf3\xa0\x81\x81"), "\\xf3\\xa0\\x81\\x81"},
                        /* Private use and noncharacters. */
                        {TEXT("\xee\x80\x80"), "\\xee\\x80\\x80"},
                        {TEXT("\xf4\x8f\xbf\xbd"), "\\xf4\\x8f\\xbf\\xbd"},
                        {TEXT("\xef\xbf\xbf"), "\\xef\\xbf\\xbf"},
                        {TEXT("\xf0\x9f\xbf\xbe"), "\\xf0\\x9f\\xbf\\xbe"},
                        {TEXT("\xef\xb7\x90"), "\\xef\\xb7\\x90"},
                        /* Overlong slash and NUL, a surrogate, above U+10FFFF, five bytes. */
                        {TEXT("\xc0\xaf"), "\\xc0\\xaf"},
                        {TEXT("\xe0\x80\xaf"), "\\xe0\\x80\\xaf"},
                        {TEXT("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf"},
                        {TEXT("\xc0\x80"), "\\xc0\\x80"},
                        {TEXT("\xed\xa0\x80"), "\\xed\\xa0\\x80"},
                        {TEXT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"},
                        {TEXT("\xf8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80"},
                        {TEXT("\xff\xfe"), "\\xff\\xfe"},
                        /* Cut off in the middle, and a good character right behind a broken one. */
                        {TEXT("\xe4\xb8"), "\\xe4\\xb8"},
                        {TEXT("\xf0\x9f\x94"), "\\xf0\\x9f\\x94"},
                        {TEXT("\xc3"
                              "A"),
                         "\\xc3A"},
                        {TEXT("\xe4\xc3\xbc"), "\\xe4\xc3\xbc"},
                        {TEXT("\x80"), "\\x80"},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *s = NULL;

                s = escape_foreign(row->text, row->length, FOREIGN_TEXT_MAX);
                assert_non_null(s);
                assert_string_equal(s, row->escaped);
        }
}

static size_t encode(uint32_t c, char buffer[static 4])
{
        if (c < 0x80) {
                buffer[0] = (char) c;
                return 1;
        }
        if (c < 0x800) {
                buffer[0] = (char) (0xc0 | c >> 6);
                buffer[1] = (char) (0x80 | (c & 63));
                return 2;
        }
        if (c < 0x10000) {
                buffer[0] = (char) (0xe0 | c >> 12);
                buffer[1] = (char) (0x80 | (c >> 6 & 63));
                buffer[2] = (char) (0x80 | (c & 63));
                return 3;
        }
        buffer[0] = (char) (0xf0 | c >> 18);
        buffer[1] = (char) (0x80 | (c >> 12 & 63));
        buffer[2] = (char) (0x80 | (c >> 6 & 63));
        buffer[3] = (char) (0x80 | (c & 63));
        return 4;
}

static void test_escape_foreign__every_character(void **state _unused_)
{
        size_t kept = 0;

        for (uint32_t c = 0; c <= 0x10ffff; c++) {
                _cleanup_free_ char *s = NULL;
                char buffer[4];
                size_t n = encode(c, buffer);

                s = escape_foreign(buffer, n, FOREIGN_TEXT_MAX);
                if (strlen(s) == n && memcmp(s, buffer, n) == 0) {
                        kept++;
                        assert_false(c >= 0xd800 && c <= 0xf8ff);
                        assert_true(utf8_is_valid(buffer, n));
                } else {
                        assert_int_equal(strlen(s), 4 * n);
                }
                assert_int_equal(utf8_is_valid(buffer, n), c < 0xd800 || c > 0xdfff);
        }
        /* Fourteen planes without private use, less their noncharacters and what is above. */
        assert_true(kept > 900000 && kept < 14 * 0x10000);
}

static void test_escape_foreign__cut_splits_nothing(void **state _unused_)
{
        static const char text[] = "ab\n\xc3\xbc\xe2\x80\xae\xf0\x9f\x94\x92\xff"
                                   "cd\xe4\xb8\xad"
                                   "e";
        _cleanup_free_ char *whole = NULL;

        whole = escape_foreign(TEXT(text), FOREIGN_TEXT_MAX);
        for (size_t max = 0; max < strlen(whole) + 2; max++) {
                _cleanup_free_ char *s = NULL;
                size_t n;

                s = escape_foreign(TEXT(text), max);
                n = strlen(s);
                assert_true(n <= max);
                assert_true(utf8_is_valid(s, n));
                if (max >= strlen(whole)) {
                        assert_string_equal(s, whole);
                        continue;
                }
                /* What is kept is whole units of the whole text; then the dots. */
                assert_true(n >= MIN(max, 3U));
                for (size_t i = n - MIN(n, 3U); i < n; i++)
                        assert_int_equal(s[i], '.');
                n -= MIN(n, 3U);
                assert_memory_equal(s, whole, n);
                assert_true(n < 4 || s[n - 1] != '\\');
                assert_true(n < 4 || s[n - 2] != '\\');
                assert_true(n < 4 || s[n - 3] != '\\');
        }
}

static void test_escape_foreign__reads_no_byte_too_many(void **state _unused_)
{
        /* Under ASan: the buffer ends in the middle of a character. */
        for (size_t length = 0; length <= 4; length++) {
                _cleanup_free_ char *text = malloc(length + !length), *s = NULL;

                memcpy(text, "\xf0\x9f\x94\x92", length);
                s = escape_foreign(text, length, FOREIGN_TEXT_MAX);
                assert_int_equal(strlen(s), length == 4 ? 4 : 4 * length);
        }
}

static void test_escape_message__keeps_the_backslash_only(void **state _unused_)
{
        _cleanup_free_ char *s = NULL;

        s = escape_message(TEXT("said \\x0a\n"), FOREIGN_TEXT_MAX);
        assert_string_equal(s, "said \\x0a\\x0a");
}

static void test_utf8_is_valid__table(void **state _unused_)
{
        static const struct {
                const char *text;
                size_t length;
                bool valid;
        } rows[] = {
                        {TEXT(""), true},
                        {TEXT("a\0b"), true},
                        {TEXT("\xf4\x8f\xbf\xbf"), true},
                        {TEXT("\xf4\x90\x80\x80"), false},
                        {TEXT("\xed\x9f\xbf"), true},
                        {TEXT("\xed\xa0\x80"), false},
                        {TEXT("\xc1\xbf"), false},
                        {TEXT("\xc2"), false},
                        {TEXT("ok\x80"), false},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                assert_row(row->text, utf8_is_valid(row->text, row->length) == row->valid);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_escape_foreign__keeps_what_can_be_shown),
                        cmocka_unit_test(test_escape_foreign__escapes_the_rest),
                        cmocka_unit_test(test_escape_foreign__every_character),
                        cmocka_unit_test(test_escape_foreign__cut_splits_nothing),
                        cmocka_unit_test(test_escape_foreign__reads_no_byte_too_many),
                        cmocka_unit_test(test_escape_message__keeps_the_backslash_only),
                        cmocka_unit_test(test_utf8_is_valid__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
