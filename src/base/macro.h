/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What every file needs: ownership by scope, and a handful of small words.
 *
 * Errors: 0 is done, negative is -errno (unexpected, handed on untouched), positive is an outcome
 * that the function's comment names. */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _printf_(fmt, first) __attribute__((format(printf, fmt, first)))
#define _sentinel_ __attribute__((sentinel))
#define _unused_ __attribute__((unused))

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define FOREACH_ARRAY(item, array, n)                                                              \
        for (typeof((array)[0]) *item = (array); item && item < (array) + (n); item++)

/* Hands an owning pointer or descriptor on, and forgets it here. */
#define TAKE_PTR(pointer)                                                                          \
        ({                                                                                         \
                typeof(pointer) *_pp = &(pointer);                                                 \
                typeof(pointer) _p = *_pp;                                                         \
                *_pp = NULL;                                                                       \
                _p;                                                                                \
        })
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int *_fp = &(fd);                                                                  \
                int _f = *_fp;                                                                     \
                *_fp = -EBADF;                                                                     \
                _f;                                                                                \
        })

/* Defines name##p(), the form that _cleanup_() wants, for a destructor that accepts NULL. */
#define DEFINE_CLEANUP(type, function)                                                             \
        static inline void function##p(type *p)                                                    \
        {                                                                                          \
                if (*p)                                                                            \
                        function(*p);                                                              \
        }

static inline void freep(void *p)
{
        free(*(void **) p);
}
#define _cleanup_free_ _cleanup_(freep)

/* For a text that is a secret. */
static inline void erase_and_freep(void *p)
{
        char *text = *(char **) p;

        if (text)
                explicit_bzero(text, strlen(text));
        free(text);
}

static inline void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

static inline void fclosep(FILE **f)
{
        if (*f)
                fclose(*f);
}
#define _cleanup_fclose_ _cleanup_(fclosep)

static inline bool streq(const char *a, const char *b)
{
        return strcmp(a, b) == 0;
}

static inline bool streq_ptr(const char *a, const char *b)
{
        return a == b || (a && b && streq(a, b));
}

static inline const char *startswith(const char *s, const char *prefix)
{
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* Replaces *p, which may be NULL, by a copy of s, which may be NULL. Return: 0, -ENOMEM. */
static inline int free_and_strdup(char **p, const char *s)
{
        char *copy = NULL;

        if (s) {
                copy = strdup(s);
                if (!copy)
                        return -ENOMEM;
        }
        free(*p);
        *p = copy;
        return 0;
}
