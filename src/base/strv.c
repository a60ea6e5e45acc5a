/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lists of strings. They are short (100 names at most), so every operation is the plain one; the
 * invariant is the NULL at the end, also after a failed append. */

#include "base/strv.h"

void strv_free(char **list)
{
        STRV_FOREACH (s, list)
                free(*s);
        free(list);
}

size_t strv_length(char *const *list)
{
        size_t n = 0;

        while (list && list[n])
                n++;
        return n;
}

bool strv_contains(char *const *list, const char *s)
{
        for (size_t i = 0; list && list[i]; i++)
                if (streq(list[i], s))
                        return true;
        return false;
}

int strv_append(char ***list, const char *s)
{
        size_t n = strv_length(*list);
        _cleanup_free_ char *copy = NULL;
        char **longer;

        copy = strdup(s);
        if (!copy)
                return -ENOMEM;
        longer = reallocarray(*list, n + 2, sizeof(char *));
        if (!longer)
                return -ENOMEM;
        longer[n] = TAKE_PTR(copy);
        longer[n + 1] = NULL;
        *list = longer;
        return 0;
}

int strv_copy(char *const *list, char ***ret)
{
        _cleanup_strv_free_ char **copy = NULL;
        size_t n = strv_length(list);

        copy = calloc(n + 1, sizeof(char *));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                copy[i] = strdup(list[i]);
                if (!copy[i])
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(copy);
        return 0;
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

void strv_sort_unique(char **list)
{
        size_t n = strv_length(list), kept = 1;

        if (n < 2)
                return;
        qsort(list, n, sizeof(char *), compare);
        for (size_t i = 1; i < n; i++)
                if (streq(list[i], list[kept - 1]))
                        free(list[i]);
                else
                        list[kept++] = list[i];
        list[kept] = NULL;
}

bool strv_equal(char *const *a, char *const *b)
{
        size_t n = strv_length(a);

        if (n != strv_length(b))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return true;
}

int strv_join(char *const *list, const char *separator, char **ret)
{
        size_t length = 0, n = strv_length(list);
        char *joined, *p;

        for (size_t i = 0; i < n; i++)
                length += strlen(list[i]) + strlen(separator);
        joined = p = malloc(length + 1);
        if (!joined)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                p = stpcpy(stpcpy(p, i > 0 ? separator : ""), list[i]);
        *p = '\0';
        *ret = joined;
        return 0;
}
