/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Public keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037 section 2). */

#include <openssl/evp.h>

#include "json/json.h"

/* The members that RFC 7638 section 3.2 calls required, in its order, and no others.
 * Return: 0; -EOPNOTSUPP for a kind of key that JOSE has no name for; -ENOMEM. */
int jwk_new(EVP_PKEY *key, struct json_object **ret);

/* The thumbprint with SHA-256, in base64url (RFC 7638 section 3; RFC 8555 section 8.1).
 * Return as above. */
int jwk_thumbprint(EVP_PKEY *key, char **ret);
