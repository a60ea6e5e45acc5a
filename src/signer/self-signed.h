/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A placeholder: a certificate that nobody vouches for; and what others of the kind are made from.
 */

#include "base/time-util.h"
#include "x509/chain.h"

/* How long one is valid. Long enough for a server to come up with after some days without its CA, a
 * new one is made at half of it; and short, so that nobody who made an exception for it in a
 * browser or a script trusts that key for long. */
#define PLACEHOLDER_LIFETIME_USEC (7 * USEC_PER_DAY)

/* It begins this much before it is made, for clients whose clock is behind. */
#define PLACEHOLDER_BEFORE_USEC USEC_PER_HOUR

/* For a TLS server with these names, signed with its own key, no authority.
 * Return: 0; -EOPNOTSUPP for a kind of key that signs no certificate; -ENOMEM. */
int self_signed_make(EVP_PKEY *key, char *const *identifiers, usec_t now_usec, Chain **ret);

/* What such certificates have in common, not signed yet: a serial number, names, a server's
 * purpose. from_usec: taken PLACEHOLDER_BEFORE_USEC earlier. Return: 0; -EIO; -ENOMEM. */
int self_signed_new(EVP_PKEY *key,
                    const char *common_name,
                    char *const *identifiers,
                    usec_t from_usec,
                    usec_t to_usec,
                    X509 **ret);
