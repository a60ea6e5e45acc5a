/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Foreign text made fit for a log, a terminal and a status line. */

#include "base/macro.h"

/* Longest piece of foreign text that is shown, in bytes after escaping; a problem document's
 * detail is a sentence or two. */
#define FOREIGN_TEXT_MAX 512U

/* text: length bytes that nobody has checked. Printable ASCII and well-formed UTF-8 outside of the
 * control, format and private ranges stay; everything else (newlines, escape sequences, bidi
 * overrides, broken UTF-8, the backslash) becomes \xNN. What is longer than max bytes is cut and
 * ends in "..."; the cut splits neither a character nor a \xNN, and the result is never longer than
 * max. max and four times length must fit a size_t.
 * Return: a new string, NULL without memory. */
char *escape_foreign(const char *text, size_t length, size_t max);

/* The same but for the backslash, which stays: for a sentence of ours whose foreign parts have
 * gone through escape_foreign() already. */
char *escape_message(const char *text, size_t length, size_t max);

/* Well-formed UTF-8 as in RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF. */
bool utf8_is_valid(const char *text, size_t length);
