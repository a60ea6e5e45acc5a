/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where something is in the packet filter, as JSON writes it: with quotes and escapes. The names
 * are the administrator's and may have any character. */

#include "base/macro.h"

typedef struct QuotedName {
        char *family, *table, *name;
} QuotedName;

/* Return: 0, -ENOMEM; to be done in either case. */
int quoted_name_init(QuotedName *quoted, const char *family, const char *table, const char *name);
void quoted_name_done(QuotedName *quoted);
