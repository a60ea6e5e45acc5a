/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lists of strings: a NULL-terminated array of owned strings; NULL is the empty list. */

#include "base/macro.h"

#define STRV_FOREACH(item, list) for (char **item = (list); item && *item; item++)

void strv_free(char **list);
DEFINE_CLEANUP(char **, strv_free);
#define _cleanup_strv_free_ _cleanup_(strv_freep)

size_t strv_length(char *const *list);
bool strv_contains(char *const *list, const char *s);

/* Appends a copy of s. Return: 0, -ENOMEM; the list is as before then. */
int strv_append(char ***list, const char *s);

/* Return: 0, -ENOMEM. */
int strv_copy(char *const *list, char ***ret);

/* Sorts by bytes, and drops what stands twice. */
void strv_sort_unique(char **list);

/* Same strings in the same order? */
bool strv_equal(char *const *a, char *const *b);

/* The strings with separator between them. Return: 0, -ENOMEM. */
int strv_join(char *const *list, const char *separator, char **ret);
