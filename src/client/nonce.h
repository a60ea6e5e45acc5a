/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The nonces that the CA has given and nobody has used (RFC 8555 section 6.5). */

#include "base/macro.h"

/* One for each request that may be under way, and one that its reply brings. */
#define NONCES_MAX 64U

typedef struct Nonces {
        char *stack[NONCES_MAX];
        size_t n;
} Nonces;

/* value: a Replay-Nonce field, or NULL; what is not of the grammar is dropped, as section 6.5.1
 * asks for. With a full pool the oldest goes. Return: was it kept? */
bool nonces_put(Nonces *nonces, const char *value);

/* The youngest one, which is the least likely to have expired. Return: owned; NULL: none. */
char *nonces_take(Nonces *nonces);
void nonces_done(Nonces *nonces);

/* How many more requests for a nonce to make now, so that n_waiting requests without one are sent
 * soonest and with as few requests as that takes. Each of the n_under_way brings back one; the pool
 * is empty; n_streams requests may be under way at once. */
size_t nonces_wanted(size_t n_waiting, size_t n_under_way, size_t n_streams);
