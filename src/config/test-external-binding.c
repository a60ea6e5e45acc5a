/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file of bindings: one line changed, and every other one left alone. */

#include "config/external-binding.h"

#include "base/test.h"

#define KEY "AAECAwQFBgcICQoLDA0ODw" /* 0, 1, 2 ... 15 */

static void test_external_binding_parse__words(void **state _unused_)
{
        static const struct {
                const char *words;
                const char *algorithm; /* NULL: refused */
        } rows[] = {
                        {"id " KEY, "HS256"},
                        {"  id\t" KEY "\r HS512 ", "HS512"},
                        {"id " KEY "==", "HS256"},
                        {"", NULL},
                        {"id", NULL},
                        {"id AAECAwQFBgcICQoLDA0O", NULL},
                        {"id " KEY " HS1", NULL},
                        {"id " KEY " HS256 more", NULL},
                        {"i\x80 " KEY, NULL},
                        {"id " KEY "\x01", NULL},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *words = strdup(row->words);
                ExternalBinding binding = {};
                const char *reason = external_binding_parse(words, &binding);

                assert_row(row->words, !reason == !!row->algorithm);
                if (reason)
                        continue;
                assert_string_equal(binding.algorithm, row->algorithm);
                assert_string_equal(binding.key_id, "id");
                assert_int_equal(binding.mac_key_bytes, 16);
        }
}

static void test_external_binding_replace__lines(void **state _unused_)
{
        static const struct {
                const char *text, *expected;
        } rows[] = {
                        {"", "a new " KEY " HS256\n"},
                        {"# what\n\n b x y  z\n", "# what\n\n b x y  z\na new " KEY " HS256\n"},
                        {"b x", "b x\na new " KEY " HS256\n"},
                        {"a old\nb x\n", "a new " KEY " HS256\nb x\n"},
                        {"b x\n\t a\nb y", "b x\na new " KEY " HS256\nb y\n"},
                        {"a 1\n#a 2\na 3\na@b 4\nab 5\n",
                         "a new " KEY " HS256\n#a 2\na@b 4\nab 5\n"},
        };
        char words[] = "new " KEY;
        ExternalBinding binding = {};

        assert_null(external_binding_parse(words, &binding));
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *text = NULL, *again = NULL;
                ExternalBinding found = {};
                const char *reason;
                unsigned line;

                assert_int_equal(external_binding_replace(row->text, "a", &binding, &text), 0);
                assert_string_equal(text, row->expected);
                /* Once more is the same. */
                assert_int_equal(external_binding_replace(text, "a", &binding, &again), 0);
                assert_string_equal(again, text);
                assert_int_equal(external_binding_find(text, "a", &found, &line, &reason), 0);
                assert_string_equal(found.key_id, "new");
        }
}

static void test_external_binding_replace__too_large(void **state _unused_)
{
        _cleanup_free_ char *large = malloc(EXTERNAL_BINDINGS_BYTES_MAX + 1), *text = NULL;
        char words[] = "new " KEY;
        ExternalBinding binding = {};

        memset(large, '#', EXTERNAL_BINDINGS_BYTES_MAX);
        large[EXTERNAL_BINDINGS_BYTES_MAX] = 0;
        assert_null(external_binding_parse(words, &binding));
        assert_int_equal(external_binding_replace(large, "a", &binding, &text), -EFBIG);
        assert_null(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_external_binding_parse__words),
                        cmocka_unit_test(test_external_binding_replace__lines),
                        cmocka_unit_test(test_external_binding_replace__too_large),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
