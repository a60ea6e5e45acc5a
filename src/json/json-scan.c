/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The reader that decides what is JSON. json-c builds the tree, but it takes more than the RFC
 * allows (NaN, single quotes, comments, lone surrogates, depending on its version), and of two
 * members with one name it silently keeps the last. So that two readers of one text can never see
 * two meanings in it, it is walked through here first; what remains for json-c has only one.
 *
 * Invariant: position never passes end; every byte is looked at once; recursion ends at
 * JSON_DEPTH_MAX. Nobody is trusted. */

#include "json/json-scan.h"
#include "base/escape.h"
#include "json/json.h"

typedef struct Scan {
        const char *position;
        const char *end;
        unsigned depth;
        size_t members;
} Scan;

static int scan_value(Scan *scan);

/* The next byte, or -1 at the end. */
static int peek(const Scan *scan)
{
        return scan->position < scan->end ? (unsigned char) *scan->position : -1;
}

static bool take(Scan *scan, char c)
{
        if (peek(scan) != c)
                return false;
        scan->position++;
        return true;
}

/* RFC 8259 section 2. */
static void skip_space(Scan *scan)
{
        while (scan->position < scan->end && strchr(" \t\n\r", *scan->position) && *scan->position)
                scan->position++;
}

static bool skip_digits(Scan *scan)
{
        const char *begin = scan->position;

        while (peek(scan) >= '0' && peek(scan) <= '9')
                scan->position++;
        return scan->position > begin;
}

/* Section 6: no plus, no leading zero, digits on both sides of the point. */
static int scan_number(Scan *scan)
{
        (void) take(scan, '-');
        if (!take(scan, '0') && !skip_digits(scan))
                return -EBADMSG;
        if (take(scan, '.') && !skip_digits(scan))
                return -EBADMSG;
        if (take(scan, 'e') || take(scan, 'E')) {
                if (!take(scan, '+'))
                        (void) take(scan, '-');
                if (!skip_digits(scan))
                        return -EBADMSG;
        }
        return 0;
}

/* The four digits of \uXXXX. Return: their value, -EBADMSG. */
static int scan_hex4(Scan *scan)
{
        int value = 0;

        for (unsigned i = 0; i < 4; i++) {
                int c = peek(scan);

                if (c >= '0' && c <= '9')
                        value = value << 4 | (c - '0');
                else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
                        value = value << 4 | ((c | 0x20) - 'a' + 10);
                else
                        return -EBADMSG;
                scan->position++;
        }
        return value;
}

/* Behind "\u". Section 7: what is not in the basic plane is a pair of surrogates. */
static int scan_unicode_escape(Scan *scan)
{
        int unit = scan_hex4(scan);

        /* An error, U+0000, or the second half without the first. */
        if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
                return -EBADMSG;
        if (unit < 0xd800 || unit > 0xdbff)
                return 0;
        if (!take(scan, '\\') || !take(scan, 'u'))
                return -EBADMSG;
        unit = scan_hex4(scan);
        return unit >= 0xdc00 && unit <= 0xdfff ? 0 : -EBADMSG;
}

static int scan_string(Scan *scan)
{
        if (!take(scan, '"'))
                return -EBADMSG;
        for (;;) {
                int c = peek(scan);

                /* The end; section 7: control characters must be escaped. */
                if (c < 0x20)
                        return -EBADMSG;
                scan->position++;
                if (c == '"')
                        return 0;
                if (c != '\\')
                        continue;
                c = peek(scan);
                if (c <= 0 || !strchr("\"\\/bfnrtu", c))
                        return -EBADMSG;
                scan->position++;
                if (c == 'u' && scan_unicode_escape(scan) < 0)
                        return -EBADMSG;
        }
}

static int scan_member(Scan *scan)
{
        skip_space(scan);
        if (scan_string(scan) < 0)
                return -EBADMSG;
        skip_space(scan);
        if (!take(scan, ':'))
                return -EBADMSG;
        scan->members++;
        return scan_value(scan);
}

/* Behind the bracket that opened it. */
static int scan_list(Scan *scan, char close, int (*scan_item)(Scan *))
{
        skip_space(scan);
        if (take(scan, close))
                return 0;
        do
                if (scan_item(scan) < 0)
                        return -EBADMSG;
        while (take(scan, ','));
        return take(scan, close) ? 0 : -EBADMSG;
}

static int scan_nested(Scan *scan)
{
        bool is_object = *scan->position == '{';
        int r;

        if (scan->depth >= JSON_DEPTH_MAX)
                return -EBADMSG;
        scan->depth++;
        scan->position++;
        r = scan_list(scan, is_object ? '}' : ']', is_object ? scan_member : scan_value);
        scan->depth--;
        return r;
}

/* Section 3: the three names, in lower case. */
static int scan_literal(Scan *scan)
{
        static const char *const literals[] = {"true", "false", "null"};
        size_t rest = (size_t) (scan->end - scan->position);

        for (size_t i = 0; i < ELEMENTSOF(literals); i++) {
                size_t n = strlen(literals[i]);

                if (rest >= n && memcmp(scan->position, literals[i], n) == 0) {
                        scan->position += n;
                        return 0;
                }
        }
        return -EBADMSG;
}

/* A value with the white space around it. */
static int scan_value(Scan *scan)
{
        int c, r;

        skip_space(scan);
        c = peek(scan);
        if (c == '{' || c == '[')
                r = scan_nested(scan);
        else if (c == '"')
                r = scan_string(scan);
        else if (c == '-' || (c >= '0' && c <= '9'))
                r = scan_number(scan);
        else
                r = scan_literal(scan);
        skip_space(scan);
        return r;
}

int json_scan(const char *text, size_t length, size_t *ret_members)
{
        Scan scan = {.position = text, .end = text + length};

        if (!utf8_is_valid(text, length) || scan_value(&scan) < 0 || scan.position != scan.end)
                return -EBADMSG;
        *ret_members = scan.members;
        return 0;
}
