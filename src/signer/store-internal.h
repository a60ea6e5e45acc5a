/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the store share. */

#include "base/variant.h"
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

        /* Borrowed; see store_use_variant(). */
        const char *variant, *second;
};

/* The name that a file of a generation has with this variant. Return: buffer. */
#define STORE_FILE(store, file) variant_file(file, (store)->variant, (char[VARIANT_FILE_MAX]){})

/* What a generation may have: the plain names, and the variants of key_type_family(). */
#define STORE_VARIANTS 3U
extern const char *const store_variants[STORE_VARIANTS];

/* Of a generation, the files that come with a key of one kind. The mark is a placeholder's alone.
 */
#define GENERATION_FILES                                                                           \
        {                                                                                          \
                PRIVKEY_FILE, CERT_FILE, CHAIN_FILE, FULLCHAIN_FILE, PLACEHOLDER_FILE              \
        }

/* store-variant.c: what a new generation takes over from the one that is live: the certificate with
 * a key of the other kind, if there is one. Return: 0; -errno. */
int store_carry_other(Store *store, int dir_fd);

/* As store_read_generation(), of the certificate with this variant; -ENOENT when the generation
 * has none of that variant. */
int store_read_variant(Store *store, const char *generation, const char *variant, StoreLive *ret);

/* Which generation live/NAME points at. Return: 0; -ENOENT; -EBADMSG when it is not a link of ours;
 * -errno. */
int store_read_link(Store *store, char **ret);

/* Return: 0, and the number; -EINVAL when it is not [1-9][0-9]{0,8}. */
int generation_parse(const char *s, unsigned *ret);

/* All generations, in ascending order; a new array. Return: 0, -errno. */
int generation_list(Store *store, unsigned **ret, size_t *ret_n);
