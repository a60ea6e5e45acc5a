/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Private keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037 section 2), as other clients keep
 * them. */

#include <openssl/evp.h>

/* text: length bytes, the caller's to erase. Return: 0; -EBADMSG when it is no private key of a
 * kind that JOSE has a name for here; -ENOMEM. */
int jwk_private_parse(const char *text, size_t length, EVP_PKEY **ret);
