/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the store share. */

#include "live/live.h" /* the files of a generation */
#include "signer/store.h"

/* In a placeholder's generation: for conditions of units, which look at names alone. */
#define PLACEHOLDER_FILE "placeholder"

#define PENDING_DIRECTORY "pending"
#define PENDING_FILE "key.pem"

/* A generation that is not whole yet. */
#define UNFINISHED_DIRECTORY ".#generation"

/* One rename a day fills nine digits in a million years; more are none of ours. */
#define GENERATION_DIGITS_MAX 9U

struct Store {
        char *name;
        int certs_fd; /* of certs/NAME */
        int live_fd;  /* of live */
};

/* Return: 0, and the number; -EINVAL when it is not [1-9][0-9]{0,8}. */
int generation_parse(const char *s, unsigned *ret);

/* All generations, in ascending order; a new array. Return: 0, -errno. */
int generation_list(Store *store, unsigned **ret, size_t *ret_n);
