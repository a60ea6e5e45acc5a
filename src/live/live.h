/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is live of one certificate, read-only, for those who hand it on or compare with it:
 *
 *     /var/lib/acme/live/NAME -> ../certs/NAME/GENERATION
 *
 * The link is looked at once. What is read through a Live is all of one generation, whose key and
 * certificate fit, whatever the signer does meanwhile: a generation is never written to again. */

#include "x509/chain.h"

/* The files of a generation. */
#define PRIVKEY_FILE "privkey.pem" /* 0600, the signer's and root's; none where it is not ours */
#define CERT_FILE "cert.pem"       /* the certificate alone */
#define CHAIN_FILE "chain.pem"     /* its issuers', empty when there are none */
#define FULLCHAIN_FILE "fullchain.pem" /* both */

/* RSA with 4096 bits has 3.2 KiB, ML-DSA-87 less than 8. */
#define LIVE_KEY_BYTES_MAX (64U * 1024U)

typedef struct Live {
        char *generation;
        int dir_fd; /* the generation's directory */
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

/* One of the four files, as text with a NUL behind it. The key is the caller's to erase
 * (_cleanup_(erase_and_freep)), and is not checked. ret_length may be NULL.
 * Return: 0; -EBADMSG when it is missing or no text; -EFBIG; -EACCES for the key, but for root and
 * the signer; -errno. */
int live_read(const Live *live, const char *file, char **ret, size_t *ret_length);

/* Which generation is live now, and nothing else: has it changed since? Return: as live_open(). */
int live_generation(const char *root, const char *name, char **ret);
