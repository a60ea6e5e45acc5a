/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Foreign text made fit to be shown. The bytes are trusted in nothing: whether they are UTF-8 at
 * all, whether they end, whether they steer a terminal. What is let through is what has a shape of
 * its own on a screen and leaves its neighbours where they are. */

#include "base/escape.h"

/* The shape of UTF-8 and the ranges that it may not encode: RFC 3629 sections 3 and 4. */
#define UTF8_SEQUENCE_MAX 4U

/* "\xNN" */
#define ESCAPED_BYTE_LENGTH 4U

/* Decodes one character. Overlong forms, surrogates and what lies above U+10FFFF are no UTF-8.
 * Return: its bytes, 0 when there is no well-formed character here. */
static size_t decode_utf8(const unsigned char *s, size_t length, uint32_t *ret)
{
        static const uint32_t smallest[UTF8_SEQUENCE_MAX + 1] = {0, 0, 0x80, 0x800, 0x10000};
        uint32_t c;
        size_t n;

        if (s[0] < 0x80) {
                *ret = s[0];
                return 1;
        }
        if ((s[0] & 0xe0) == 0xc0)
                n = 2, c = s[0] & 0x1fU;
        else if ((s[0] & 0xf0) == 0xe0)
                n = 3, c = s[0] & 0x0fU;
        else if ((s[0] & 0xf8) == 0xf0)
                n = 4, c = s[0] & 0x07U;
        else
                return 0;
        if (length < n)
                return 0;
        for (size_t i = 1; i < n; i++) {
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (s[i] & 0x3fU);
        }
        if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;
        *ret = c;
        return n;
}

bool utf8_is_valid(const char *text, size_t length)
{
        const unsigned char *s = (const unsigned char *) text;
        uint32_t c;

        for (size_t i = 0, n; i < length; i += n) {
                n = decode_utf8(s + i, length - i, &c);
                if (n == 0)
                        return false;
        }
        return true;
}

/* Unicode's control and format characters, line and paragraph separators, default-ignorable
 * characters, private use and noncharacters (general categories Cc, Cf, Zl, Zp, Co; the property
 * Default_Ignorable_Code_Point of Unicode 15), in ascending order. */
static const struct {
        uint32_t first, last;
} unfit[] = {
                {0x0000, 0x001f}, /* C0: newline, ESC */
                {0x007f, 0x009f}, /* DEL and C1: CSI in one byte */
                {0x00ad, 0x00ad}, /* soft hyphen */
                {0x034f, 0x034f}, /* combining grapheme joiner */
                {0x0600, 0x0605}, /* Arabic signs that enclose what follows */
                {0x061c, 0x061c}, /* Arabic letter mark */
                {0x06dd, 0x06dd}, /* end of ayah, encloses */
                {0x070f, 0x070f}, /* Syriac abbreviation mark */
                {0x0890, 0x0891}, /* Arabic marks above */
                {0x08e2, 0x08e2}, /* disputed end of ayah */
                {0x115f, 0x1160}, /* Hangul fillers */
                {0x17b4, 0x17b5}, /* Khmer inherent vowels */
                {0x180b, 0x180f}, /* Mongolian selectors and separator */
                {0x200b, 0x200f}, /* zero width; left-to-right and right-to-left marks */
                {0x2028, 0x202e}, /* line and paragraph separators, bidi embeddings and overrides */
                {0x2060, 0x206f}, /* word joiner, bidi isolates, deprecated formats */
                {0x3164, 0x3164}, /* Hangul filler */
                {0xe000, 0xf8ff}, /* private use */
                {0xfdd0, 0xfdef}, /* noncharacters */
                {0xfe00, 0xfe0f}, /* variation selectors */
                {0xfeff, 0xfeff}, /* byte order mark */
                {0xffa0, 0xffa0}, /* halfwidth Hangul filler */
                {0xfff0, 0xfffb}, /* unassigned ignorables, interlinear annotations */
                {0xfffe, 0xffff}, /* noncharacters */
                {0x110bd, 0x110bd},  /* Kaithi number sign */
                {0x110cd, 0x110cd},  /* Kaithi number sign above */
                {0x13430, 0x1343f},  /* Egyptian hieroglyph format controls */
                {0x1bca0, 0x1bca3},  /* shorthand format controls */
                {0x1d173, 0x1d17a},  /* musical beams and slurs */
                {0xe0000, 0x10ffff}, /* tags, more variation selectors, private use planes */
};

static bool is_showable(uint32_t c)
{
        size_t low = 0, high = ELEMENTSOF(unfit);

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (c > unfit[middle].last)
                        low = middle + 1;
                else if (c < unfit[middle].first)
                        high = middle;
                else
                        return false;
        }
        /* The last two of every plane are noncharacters. */
        return (c & 0xfffe) != 0xfffe;
}

/* Writes bytes as \xNN. Return: the end. */
static char *put_escaped(char *p, const unsigned char *bytes, size_t n)
{
        static const char digits[16] = "0123456789abcdef";

        for (size_t i = 0; i < n; i++) {
                *p++ = '\\';
                *p++ = 'x';
                *p++ = digits[bytes[i] >> 4];
                *p++ = digits[bytes[i] & 15];
        }
        return p;
}

static char *escape(const char *text, size_t length, size_t max, bool keep_backslash)
{
        static const char ellipsis[] = "...";
        const size_t dots = MIN(max, sizeof(ellipsis) - 1);
        const unsigned char *s = (const unsigned char *) text;
        size_t room, cut = 0;
        char *buffer, *p;

        /* One character more than fits is written before the cut is made. */
        room = length > max ? max : MIN(max, length * ESCAPED_BYTE_LENGTH);
        buffer = p = malloc(room + UTF8_SEQUENCE_MAX * ESCAPED_BYTE_LENGTH + 1);
        if (!buffer)
                return NULL;
        for (size_t i = 0, n; i < length; i += n) {
                uint32_t c = 0;
                size_t written;
                bool keep;

                n = decode_utf8(s + i, length - i, &c);
                keep = n > 0 && is_showable(c) && (c != '\\' || keep_backslash);
                if (n == 0)
                        n = 1;
                p = keep ? mempcpy(p, s + i, n) : put_escaped(p, s + i, n);
                written = (size_t) (p - buffer);
                if (written > max) {
                        p = mempcpy(buffer + cut, ellipsis, dots);
                        break;
                }
                if (written <= max - dots)
                        cut = written;
        }
        *p = '\0';
        return buffer;
}

char *escape_foreign(const char *text, size_t length, size_t max)
{
        return escape(text, length, max, false);
}

char *escape_message(const char *text, size_t length, size_t max)
{
        return escape(text, length, max, true);
}
