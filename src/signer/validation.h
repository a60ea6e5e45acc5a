/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The throw-away certificate that a CA looks at for tls-alpn-01 (RFC 8737 section 3). */

#include "base/time-util.h"

#define VALIDATION_DIGEST_BYTES 32U /* SHA-256 */

/* A lease lasts half an hour; a day is for clocks that are wrong on either side. */
#define VALIDATION_LIFETIME_USEC USEC_PER_DAY

typedef struct Validation {
        char *pem;         /* the certificate, and its private key */
        char *certificate; /* DER in base64url */
} Validation;

/* Erases the key. */
void validation_done(Validation *validation);

/* With a key of its own, which is nowhere else. digest: of the key authorization. Return: 0; -EIO
 * when OpenSSL fails; -ENOMEM. */
int validation_make(const char *identifier,
                    const unsigned char digest[static VALIDATION_DIGEST_BYTES],
                    usec_t now_usec,
                    Validation *ret);
