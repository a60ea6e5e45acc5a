/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is live of one certificate, read-only, for those who hand it on or compare with it:
 *
 *     /var/lib/acme/live/NAME -> ../certs/NAME/GENERATION
 *
 * The link is looked at once. What is read through a Live is all of one generation, whose key and
 * certificate fit, whatever the signer does meanwhile: a generation is never written to again. */

#include "live/generation.h"
#include "x509/chain.h"

/* RSA with 4096 bits has 3.2 KiB, ML-DSA-87 less than 8. */
#define LIVE_KEY_BYTES_MAX (64U * 1024U)

typedef struct Live {
        char *generation;
        const char *variant; /* borrowed; NULL: the plain names. See base/variant.h */
        int dir_fd;          /* the generation's directory */
        Chain *chain;
        char *fingerprint; /* of the leaf: SHA-256 of the DER, lower-case hexadecimal */
        char *serial;      /* of the leaf: lower-case hexadecimal */
        bool is_placeholder;
} Live;
void live_free(Live *live);
DEFINE_CLEANUP(Live *, live_free);

/* root: put before every path, "" but in tests. name: a valid certificate's name.
 * Return: 0; -ENOENT when nothing is live; -EBADMSG when the link, the directory or the chain is
 * none that acmeward made; -errno. */
int live_open(const char *root, const char *name, Live **ret);

/* Is the key here, and not with somebody else, who has asked for the certificate (CSR=)? */
bool live_has_key(const Live *live);

/* The certificate with a key of the other kind, of the same generation. variant outlives it.
 * Return: 0; -ENOENT when there is none; -EBADMSG; -errno. */
int live_open_variant(const Live *live, const char *variant, Live **ret);

/* What tells one pair of certificates from another: the fingerprint, and behind a blank that of the
 * second variant, where there is one. variant: NULL when there is none to look for.
 * Return: as live_open_variant(), but for -ENOENT. */
int live_fingerprints(const Live *live, const char *variant, char **ret);

/* One of the four files, as text with a NUL behind it. The key is the caller's to erase
 * (_cleanup_(erase_and_freep)), and is not checked. ret_length may be NULL.
 * Return: 0; -EBADMSG when it is missing or no text; -EFBIG; -EACCES for the key, but for root and
 * the signer; -errno. */
int live_read(const Live *live, const char *file, char **ret, size_t *ret_length);
