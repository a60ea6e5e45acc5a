/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Flattened JWS (RFC 7515 section 7.2.2) with the header that RFC 8555 section 6.2 asks for. */

#include <openssl/evp.h>

#include "json/json.h"

typedef struct Jws {
        char *protected;
        char *payload;
        char *signature;
} Jws;
void jws_done(Jws *jws);

/* Return: a new object, NULL without memory. */
struct json_object *jws_to_json(const Jws *jws);

/* "ES256" and the like; NULL for a key that JOSE has no algorithm for. */
const char *jws_algorithm(EVP_PKEY *key);

/* kid: the account's URL; NULL puts the public key into the header instead. nonce: NULL in a JWS
 * that is inside of another (section 7.3.5). payload: the text to be signed, "" for POST-as-GET.
 * Return: 0; -EOPNOTSUPP; -EIO when OpenSSL fails; -ENOMEM. */
int jws_sign(EVP_PKEY *key,
             const char *kid,
             const char *nonce,
             const char *url,
             const char *payload,
             Jws *ret);

/* The lower half: the signature of a signing input (RFC 7515 section 5.1), as bytes; a new array.
 * Return as above. */
int jws_signature(EVP_PKEY *key,
                  const char *input,
                  size_t length,
                  unsigned char **ret,
                  size_t *ret_length);
