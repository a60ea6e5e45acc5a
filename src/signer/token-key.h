/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Private keys that are in a token and never leave it (RFC 7512), through OpenSSL's store and the
 * provider for PKCS #11. What is used of them is the EVP_PKEY alone. */

#include <openssl/evp.h>

#include "base/macro.h"

/* With a name of its own for the one that is encrypted, as the unit has it. */
#define TOKEN_PIN_CREDENTIAL "acme.pkcs11-pin"
#define TOKEN_PIN_CREDENTIAL_ENCRYPTED "acme.pkcs11-pin.encrypted"

/* Longer than any that a token takes. */
#define TOKEN_PIN_BYTES_MAX 256U

typedef enum TokenReason {
        TOKEN_E_NO_PROVIDER = 1,
        TOKEN_E_NO_MODULE,
        TOKEN_E_NO_PIN,
        TOKEN_E_PIN,
        TOKEN_E_NOT_FOUND,
        TOKEN_E_SEVERAL,
        TOKEN_E_KIND,
        TOKEN_REASON_MAX,
} TokenReason;

/* "its PIN …": continues a sentence about the key. */
const char *token_key_explain(TokenReason reason);

/* uri: as configured. Asks for the PIN at most once. Return: 0; a TokenReason; -ENOMEM. */
int token_key_load(const char *uri, EVP_PKEY **ret);

/* The public half of any key, in a form that is the same wherever the key is; a new key.
 * Return: 0; -EOPNOTSUPP; -ENOMEM. */
int token_key_publish(EVP_PKEY *key, EVP_PKEY **ret);
