/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/test.h"
#include "config/reader.h"

/* "SECTION@LINE KEY@LINE=VALUE" of every assignment, each with '|' behind it. */
typedef struct Trace {
        char text[4096];
        int stop_with;
} Trace;

static int trace(const ReaderAssignment *a, void *userdata)
{
        Trace *t = userdata;
        size_t n = strlen(t->text);

        assert_string_not_equal(a->section, "");
        snprintf(t->text + n,
                 sizeof(t->text) - n,
                 "%s@%u %s@%u=%s|",
                 a->section,
                 a->section_line,
                 a->key,
                 a->line,
                 a->value);
        return t->stop_with;
}

static int parse(const char *text, size_t length, Trace *t, ReaderProblem *ret_problem)
{
        char *copy = malloc(length + 1);
        int r;

        assert_non_null(copy);
        memcpy(copy, text, length);
        copy[length] = 0;
        r = reader_parse(copy, length, trace, t, ret_problem);
        free(copy);
        return r;
}

static void test_reader_parse__what_is_understood(void **state _unused_)
{
        static const struct {
                const char *text, *trace;
        } rows[] = {
                        {"", ""},
                        {"\n\n", ""},
                        {"# a=b\n;c=d\n  # e\n\t; f", ""},
                        {"[A]\nb=c\n", "A@1 b@2=c|"},
                        {"[A]\nb=c", "A@1 b@2=c|"},
                        {"[A]\r\nb=c\r\n", "A@1 b@2=c|"},
                        {"\xef\xbb\xbf[A]\nb=c\n", "A@1 b@2=c|"},
                        {"  [A]  \n\t b \t=\t c  d \t\n", "A@1 b@2=c  d|"},
                        {"[A]\n\n#\nb=\n", "A@1 b@4=|"},
                        {"[A]\nb=1\n[B]\nb=2\n[A]\nb=3\n", "A@1 b@2=1|B@3 b@4=2|A@5 b@6=3|"},
                        {"[Deploy nginx #1]\na=b\n", "Deploy nginx #1@1 a@2=b|"},
                        {"[\xc3\xa4]\na=\xc3\xa4\n", "\xc3\xa4@1 a@2=\xc3\xa4|"},
                        /* What inih would take for a comment, a separator, a continuation. */
                        {"[A]\nb=c ; d # e\n", "A@1 b@2=c ; d # e|"},
                        {"[A]\nb=mailto:c=d\n", "A@1 b@2=mailto:c=d|"},
                        {"[A]\nb=c\n   d=e\n", "A@1 b@2=c|A@1 d@3=e|"},
                        {"[A]\nb=[B]\n", "A@1 b@2=[B]|"},
                        /* Lines that go on. */
                        {"[A]\nb=c\\\nd=e\nf=g\n", "A@1 b@2=c \nd=e|A@1 f@4=g|"},
                        {"[A]\nb=c \\\r\n# no\n ; no \\\n  d\r\nf=g",
                         "A@1 b@2=c   \n    \n       \n  d|A@1 f@6=g|"},
                        {"[A]\nb=\\\n c", "A@1 b@2=\n c|"},
                        {"[A]\nb=\\\n\nc=d", "A@1 b@2=|A@1 c@4=d|"},
                        {"[A]\nb=c\\", "A@1 b@2=c|"},
                        {"[A]\nb=c\\\n# end", "A@1 b@2=c|"},
                        {"# a \\\n[A]\nb=c\n", "A@2 b@3=c|"},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                ReaderProblem problem = {};
                Trace t = {};

                assert_row(row->text, parse(row->text, strlen(row->text), &t, &problem) == 0);
                assert_string_equal(t.text, row->trace);
        }
}

static void test_reader_parse__what_is_not_understood(void **state _unused_)
{
        static const struct {
                const char *text;
                unsigned line;
        } rows[] = {
                        {"a=b\n", 1},
                        {"\n\na=b\n", 3},
                        {"[A]\nb\n", 2},
                        {"[A]\nb: c\n", 2},
                        {"[A]\nb:c=d\n", 2},
                        {"[A]\n=b\n", 2},
                        {"[A]\na b=c\n", 2},
                        {"[A]\n\xc3\xa4=c\n", 2},
                        {"[A\nb=c\n", 1},
                        {"[A] b\n", 1},
                        {"[A]b]\n", 1},
                        {"[[A]]\n", 1},
                        {"[]\n", 1},
                        {"[\n", 1},
                        {"]\n", 1},
                        {"[A]\nb=\x01\n", 2},
                        {"[A]\nb=c\rd\n", 2},
                        {"[A]\nb=\x1b[31mc\n", 2},
                        {"[A]\nb=c\x7f\n", 2},
                        {"[A]\nb=c \\\n d \\\n \x02\n", 4},
                        {"[A]\nb=c\\\n\\\nc=d\n\ne\n", 6},
                        {"[A]\na\xef\xbb\xbf=b\n", 2},
                        {"[0123456789012345678901234567890123456789012345678]\n", 1},
                        {"[A]\nk23456789012345678901234567890123456789012345678901234567890123456="
                         "x\n",
                         2},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                ReaderProblem problem = {};
                Trace t = {};
                int r = parse(row->text, strlen(row->text), &t, &problem);

                assert_row(row->text, r == READER_E_SYNTAX);
                assert_row(row->text, problem.line == row->line);
                assert_row(row->text, problem.reason);
        }
}

static void test_reader_parse__nul(void **state _unused_)
{
        static const char text[] = "[A]\nb=c\nd=\0e\n";
        ReaderProblem problem = {};
        Trace t = {};

        assert_int_equal(parse(text, sizeof(text) - 1, &t, &problem), READER_E_SYNTAX);
        assert_int_equal(problem.line, 3);
        assert_string_equal(t.text, "");
}

static void test_reader_parse__longest_names(void **state _unused_)
{
        static const char text[] =
                        "[012345678901234567890123456789012345678901234567]\n"
                        "k234567890123456789012345678901234567890123456789012345678901234=x\n";
        ReaderProblem problem = {};
        Trace t = {};

        assert_int_equal(parse(text, strlen(text), &t, &problem), 0);
        assert_string_equal(
                        t.text,
                        "012345678901234567890123456789012345678901234567@1 "
                        "k234567890123456789012345678901234567890123456789012345678901234@2=x|");
}

static int take_length(const ReaderAssignment *a, void *userdata)
{
        *(size_t *) userdata = strlen(a->value);
        return 0;
}

/* 200 bytes a line are what inih is compiled for. */
static void test_reader_parse__line_of_a_megabyte(void **state _unused_)
{
        const size_t n = 1000000;
        char *text = malloc(n + 16);
        ReaderProblem problem = {};
        size_t length = 0;

        assert_non_null(text);
        strcpy(text, "[A]\nb=");
        memset(text + 6, 'x', n);
        text[6 + n] = 0;
        assert_int_equal(reader_parse(text, 6 + n, take_length, &length, &problem), 0);
        assert_int_equal(length, n);
        free(text);
}

/* Half a million lines that go on: this must not be quadratic. */
static void test_reader_parse__many_continuations(void **state _unused_)
{
        const size_t n = 500000;
        char *text = malloc(6 + 2 * n + 2);
        ReaderProblem problem = {};
        size_t length = 0;

        assert_non_null(text);
        strcpy(text, "[A]\nb=");
        for (size_t i = 0; i < n; i++)
                memcpy(text + 6 + 2 * i, "\\\n", 2);
        strcpy(text + 6 + 2 * n, "x");
        assert_int_equal(reader_parse(text, 6 + 2 * n + 1, take_length, &length, &problem), 0);
        assert_true(length > n);
        free(text);
}

static void test_reader_parse__handler_ends_it(void **state _unused_)
{
        static const char text[] = "[A]\nb=c\nd=e\nf\n";
        ReaderProblem problem = {};
        Trace t = {.stop_with = -ENOMEM};

        assert_int_equal(parse(text, strlen(text), &t, &problem), -ENOMEM);
        assert_string_equal(t.text, "A@1 b@2=c|");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_reader_parse__what_is_understood),
                        cmocka_unit_test(test_reader_parse__what_is_not_understood),
                        cmocka_unit_test(test_reader_parse__nul),
                        cmocka_unit_test(test_reader_parse__longest_names),
                        cmocka_unit_test(test_reader_parse__line_of_a_megabyte),
                        cmocka_unit_test(test_reader_parse__many_continuations),
                        cmocka_unit_test(test_reader_parse__handler_ends_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
