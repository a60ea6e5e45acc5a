/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Key and certificates in one file with a password (RFC 7292), as Java and others want them. */

#include <openssl/evp.h>

#include "x509/chain.h"

/* Larger than any that is made here: a chain of CHAIN_BYTES_MAX is smaller in DER. */
#define PKCS12_BYTES_MAX (256U * 1024U)

/* alias: the entry's name; keytool shows it in lower case. Two calls never give the same bytes.
 * Return: 0; -ENOMEM; -EIO when OpenSSL fails. */
int pkcs12_make(EVP_PKEY *key,
                const Chain *chain,
                const char *alias,
                const char *password,
                char **ret,
                size_t *ret_length);

/* Does it open with this password, and hold exactly this key, its certificate, and the others of
 * the chain? */
bool pkcs12_is_same(const char *data,
                    size_t length,
                    EVP_PKEY *key,
                    const Chain *chain,
                    const char *password);
