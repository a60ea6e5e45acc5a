/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the dialects of lines have in common. */

#include "verify/dialect.h"

/* Longest line without its end. RFC 5321 section 4.5.3.1.5 has 512 for a reply; servers of IMAP put
 * all they can into their greeting. */
#define REPLY_LINE_MAX 2048U

typedef struct ReplyLine {
        const char *text; /* borrowed, without CR LF and without a NUL behind it */
        size_t length;
} ReplyLine;

/* The line that begins at *offset, which is moved behind it. A line ends in LF, which may have a CR
 * before it, and has no NUL in it. Return: DIALECT_DONE, DIALECT_MORE, DIALECT_MALFORMED. */
DialectOutcome reply_line_next(const char *data, size_t length, size_t *offset, ReplyLine *ret);

/* Does the line begin with the word, as a whole and in any case? Whole: a space or the line's end
 * is behind it. */
bool reply_line_has_word(const ReplyLine *line, const char *word);

/* The code of three digits at the line's beginning (RFC 5321 section 4.2, RFC 959 section 4.2), and
 * whether a "-" behind it says that more lines follow. Return: the code; 0 without one. */
unsigned reply_line_code(const ReplyLine *line, bool *ret_has_more);
