/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The grammar of RFC 8259, to the letter, and what we refuse beyond it. */

#include "base/macro.h"

/* Walks through text without building anything. Refused: what is not exactly one JSON value with
 * white space around it; a value deeper than JSON_DEPTH_MAX; what is not UTF-8 (RFC 8259 section
 * 8.1); an escaped surrogate without its other half (section 8.2); U+0000, which a C string cannot
 * hold.
 * Return: 0; -EBADMSG. ret_members: how many members all objects have together. */
int json_scan(const char *text, size_t length, size_t *ret_members);
