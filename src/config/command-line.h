/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Exec=: a program and its arguments in one line. */

#include "base/strv.h"

#define COMMAND_LINE_BYTES_MAX 4096U
#define COMMAND_LINE_WORDS_MAX 64U

/* Splits text at blanks. A word may stand in "…" or '…' as a whole; \\, \", \' and \s (a blank) are
 * taken back to what they stand for everywhere. No shell, no specifiers, no variables. ret: may
 * have the empty word, if that is written in quotes.
 * Return: 0; COMMAND_LINE_E_INVALID, *ret_reason says why then, a constant; -ENOMEM. */
enum {
        COMMAND_LINE_E_INVALID = 1,
};
int command_line_split(const char *text, char ***ret, const char **ret_reason);
