/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keys that others know, or may know: from the moment on at which one of their certificates was to
 * be revoked for keyCompromise, they are in no request, no installation and no import any more.
 * /var/lib/acme/retired has an empty file for each, named after its public half, and is shared by
 * the signers of all names, since a key may have been. Nothing is ever removed from it. */

#include <openssl/evp.h>

#include "base/macro.h"

#define RETIRED_PATH "/var/lib/acme/retired"

/* SHA-256 of a SubjectPublicKeyInfo (RFC 5280 section 4.1) in lower-case hexadecimal. */
#define RETIRED_FINGERPRINT_MAX 65U

/* The name of the key's file, of which the public half is used. Return: 0, -ENOMEM. */
int retired_fingerprint(EVP_PKEY *key, char buffer[static RETIRED_FINGERPRINT_MAX]);

/* To be asked wherever a key is about to be used for a certificate, and before one is taken over
 * from somebody. root as in store_open(). Return: 0, 1; -errno, and then it must not be used. */
int retired_has(const char *root, EVP_PKEY *key);

/* For ever; on disk when it returns. Return: 0, -errno. */
int retired_add(const char *root, EVP_PKEY *key);
