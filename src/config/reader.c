/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The INI reader: inih, fed by us.
 *
 * inih decides what is a section and what is a key. It is handed each line's head only ("Key=") and
 * never a value, because its limit of 200 bytes a line, its comments behind a value, its
 * continuation by indentation and its
 * ':' for '=' are options that each distribution compiles in as it likes; nothing here depends on
 * them. The value stays in the text, where a hundred identifiers may be as long as they are.
 *
 * For each line of the text inih gets exactly one line, so that the number it counts is ours. */

#include <ini.h>

#include "config/reader.h"

#if INI_HANDLER_LINENO
#error "This inih calls its handler with a line number, which this file does not expect."
#endif

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define BLANK " \t\n"

typedef struct Reader {
        char *next;           /* the first line that has not been looked at; NULL after the last */
        unsigned line;        /* the number of the line in hand, where it began */
        unsigned n_continued; /* lines that belong to it, and that inih has not seen */
        unsigned section_line;
        char *value; /* of the line in hand; NULL when it is no assignment */
        ReaderHandler handler;
        void *userdata;
        int result;
        ReaderProblem problem;
} Reader;

static void reader_fail(Reader *reader, const char *reason)
{
        reader->result = READER_E_SYNTAX;
        reader->problem = (ReaderProblem){.line = reader->line, .reason = reason};
}

static char *skip_blank(char *s)
{
        return s + strspn(s, BLANK);
}

static void strip_end(char *s)
{
        size_t n = strlen(s);

        while (n > 0 && strchr(BLANK, s[n - 1]))
                n--;
        s[n] = 0;
}

/* Cuts the next line out of the text, without its end. Return: the line, NULL after the last. */
static char *take_line(Reader *reader)
{
        char *line = reader->next, *end;

        if (!line || !*line)
                return NULL;
        end = strchr(line, '\n');
        reader->next = end ? end + 1 : NULL;
        if (!end)
                end = line + strlen(line);
        else
                *end = 0;
        if (end > line && end[-1] == '\r')
                end[-1] = 0;
        return line;
}

static bool is_comment(const char *line)
{
        line += strspn(line, BLANK);
        return *line == '#' || *line == ';';
}

/* Does the line go on behind its end? The backslash becomes a blank then. */
static bool take_backslash(char *line)
{
        size_t n = strlen(line);

        if (n == 0 || line[n - 1] != '\\')
                return false;
        line[n - 1] = ' ';
        return true;
}

static void fill(char *from, const char *to, char with)
{
        memset(from, with, (size_t) (to - from));
}

/* Takes the lines that continue this one into it, each behind a newline character, so that the line
 * of a word can be counted. Comments in between are blanked out, as systemd.syntax(7) has it. */
static void join_continued(Reader *reader, char *line)
{
        bool more = take_backslash(line);
        char *end = line + strlen(line);

        while (more) {
                char *begin = reader->next, *next = take_line(reader);

                if (!next)
                        return;
                reader->n_continued++;
                fill(end, begin - 1, ' ');
                begin[-1] = '\n';
                end = next + strlen(next);
                if (is_comment(next))
                        fill(next, end, ' ');
                else
                        more = take_backslash(next);
        }
}

/* Tabs, and the newlines that we made, are the only control characters; bytes of 0x80 and more are
 * the business of each value's grammar. */
static const char *find_control(const char *s)
{
        for (; *s; s++)
                if (((unsigned char) *s < 0x20 && !strchr(BLANK, *s)) || *s == 0x7f)
                        return s;
        return NULL;
}

static unsigned count_newlines(const char *text, const char *end)
{
        unsigned n = 0;

        for (; text < end; text++)
                n += *text == '\n';
        return n;
}

static bool is_key(const char *s, size_t length)
{
        if (length == 0 || length > READER_KEY_MAX)
                return false;
        for (; length > 0; s++, length--)
                if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                      (*s >= '0' && *s <= '9') || *s == '-' || *s == '_'))
                        return false;
        return true;
}

/* "[Name]" as a whole; inih would take the first ']' and pass over the rest. */
static void take_section(Reader *reader, const char *line, char *ret_head, size_t size)
{
        size_t n = strlen(line);

        if (n < 3 || line[n - 1] != ']' || strcspn(line + 1, "[];") != n - 2) {
                reader_fail(reader, "a section is written [Name], alone on its line");
                return;
        }
        if (n - 2 > READER_SECTION_MAX) {
                reader_fail(reader, "a section's name has 48 bytes at most");
                return;
        }
        reader->section_line = reader->line;
        snprintf(ret_head, size, "%s\n", line);
}

static void take_assignment(Reader *reader, char *line, char *ret_head, size_t size)
{
        char *equals = strchr(line, '=');
        size_t n = equals ? (size_t) (equals - line) : 0;

        while (n > 0 && strchr(BLANK, line[n - 1]))
                n--;
        if (!is_key(line, n)) {
                reader_fail(reader, "neither a [Section], nor Key=value, nor a comment");
                return;
        }
        if (reader->section_line == 0) {
                reader_fail(reader, "an assignment before the first [Section]");
                return;
        }
        /* Newlines in front stay: they count lines. */
        reader->value = equals + 1 + strspn(equals + 1, " \t");
        strip_end(reader->value);
        snprintf(ret_head, size, "%.*s=\n", (int) n, line);
}

/* ini_reader: hands inih the head of the next line. */
static char *reader_feed(char *buffer, int size, void *userdata)
{
        Reader *reader = userdata;
        const char *control;
        char *line;

        assert(size > (int) MAX(READER_SECTION_MAX, READER_KEY_MAX) + 4);

        if (reader->result != 0)
                return NULL;
        strcpy(buffer, "\n");
        if (reader->n_continued > 0) {
                reader->n_continued--;
                reader->line++;
                return buffer;
        }

        line = take_line(reader);
        if (!line)
                return NULL;
        reader->line++;
        reader->value = NULL;
        if (is_comment(line))
                return buffer;
        join_continued(reader, line);
        control = find_control(line);
        if (control) {
                reader->line += count_newlines(line, control);
                reader_fail(reader, "a control character");
                return NULL;
        }
        line = skip_blank(line);
        strip_end(line);
        if (*line == '[')
                take_section(reader, line, buffer, (size_t) size);
        else if (*line)
                take_assignment(reader, line, buffer, (size_t) size);
        return reader->result == 0 ? buffer : NULL;
}

/* ini_handler: the head has been understood. */
static int reader_dispatch(void *userdata, const char *section, const char *key, const char *value)
{
        Reader *reader = userdata;
        ReaderAssignment assignment = {
                        .section = section,
                        .section_line = reader->section_line,
                        .key = key,
                        .value = reader->value,
                        .line = reader->line,
        };

        if (!reader->value || (value && *value)) {
                reader_fail(reader, "not understood");
                return 1;
        }
        reader->result = reader->handler(&assignment, reader->userdata);
        return 1;
}

int reader_parse(char *text,
                 size_t length,
                 ReaderHandler handler,
                 void *userdata,
                 ReaderProblem *ret_problem)
{
        Reader reader = {.next = text, .handler = handler, .userdata = userdata};
        const char *nul = memchr(text, 0, length);
        int r;

        if (nul) {
                reader.line = 1 + count_newlines(text, nul);
                reader_fail(&reader, "a NUL byte: this is not a text file");
        } else {
                if (startswith(text, BYTE_ORDER_MARK))
                        reader.next += strlen(BYTE_ORDER_MARK);
                r = ini_parse_stream(reader_feed, &reader, reader_dispatch, &reader);
                if (reader.result == 0 && r < 0)
                        return -ENOMEM;
                if (reader.result == 0 && r > 0) {
                        reader.line = (unsigned) r;
                        reader_fail(&reader, "not understood");
                }
        }
        if (reader.result == READER_E_SYNTAX)
                *ret_problem = reader.problem;
        return reader.result;
}
