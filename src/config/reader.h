/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One INI text, line by line: sections, Key=value, and comments that begin a line. */

#include "base/macro.h"

/* inih keeps 49 bytes of a section's name and 199 of a line: what the reader gives it is shorter,
 * whatever its compile-time options are. */
#define READER_SECTION_MAX 48U
#define READER_KEY_MAX 64U

/* One Key=value. value has no blanks around it; where the line was continued with a backslash, it
 * has a newline character, also in front. Everything is borrowed and holds during the call. */
typedef struct ReaderAssignment {
        const char *section;
        unsigned section_line;
        const char *key;
        const char *value;
        unsigned line;
} ReaderAssignment;

/* Return: 0 to go on; anything else ends the reading and is handed on. */
typedef int (*ReaderHandler)(const ReaderAssignment *assignment, void *userdata);

/* Where and why a text is none of ours. reason is a constant. */
typedef struct ReaderProblem {
        unsigned line;
        const char *reason;
} ReaderProblem;

/* text: length bytes and a NUL behind them; it is written into. LF and CRLF end a line, the last
 * one may have no end; a UTF-8 byte order mark is passed over. '#' and ';' begin a comment at the
 * beginning of a line only. Return: 0; READER_E_SYNTAX, and ret_problem says why; what the handler
 * returned; -ENOMEM. */
enum {
        READER_E_SYNTAX = 100,
};
int reader_parse(char *text,
                 size_t length,
                 ReaderHandler handler,
                 void *userdata,
                 ReaderProblem *ret_problem);
