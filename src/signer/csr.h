/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Certificate signing requests (RFC 2986; RFC 8555 section 7.4). */

#include <openssl/evp.h>

#include "base/macro.h"

/* An empty subject, and identifiers as the subjectAltName's DNS names: nothing else.
 * ret: DER, a new array. Return: 0; -EOPNOTSUPP for a kind of key that signs no request; -ENOMEM.
 */
int csr_make(EVP_PKEY *key, char *const *identifiers, unsigned char **ret, size_t *ret_length);
