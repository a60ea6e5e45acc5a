/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A nonce is worth one request. Every reply brings the next (section 6.5), so that newNonce is
 * asked only for the first, and for as many as go in parallel. */

#include "client/nonce.h"

#include "acme/token.h"

bool nonces_put(Nonces *nonces, const char *value)
{
        char *copy;

        if (!acme_nonce_is_valid(value))
                return false;
        copy = strdup(value);
        if (!copy)
                return false;
        if (nonces->n == NONCES_MAX) {
                free(nonces->stack[0]);
                memmove(nonces->stack, nonces->stack + 1, (NONCES_MAX - 1) * sizeof(char *));
                nonces->n--;
        }
        nonces->stack[nonces->n++] = copy;
        return true;
}

char *nonces_take(Nonces *nonces)
{
        return nonces->n > 0 ? nonces->stack[--nonces->n] : NULL;
}

void nonces_done(Nonces *nonces)
{
        while (nonces->n > 0)
                free(nonces->stack[--nonces->n]);
}

size_t nonces_wanted(size_t n_waiting, size_t n_under_way, size_t n_streams)
{
        /* What comes back from those under way serves as many one round trip from now, which is
         * when a nonce asked for now would be here. */
        size_t unserved = n_waiting > n_under_way ? n_waiting - n_under_way : 0;
        size_t room = n_streams > n_under_way ? n_streams - n_under_way : 0;

        return MIN(unserved, room);
}
