/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a request and a certificate that we sign ourselves have in common. */

#include <openssl/x509v3.h>

#include "base/macro.h"

static inline void alt_names_freep(GENERAL_NAMES **names)
{
        GENERAL_NAMES_free(*names);
}

/* identifiers as the subjectAltName's DNS names (RFC 5280 section 4.2.1.6). Return: 0, -ENOMEM. */
int alt_names_new(char *const *identifiers, GENERAL_NAMES **ret);

/* What key signs with; NULL for a kind that takes no digest of ours. */
const EVP_MD *signing_digest(EVP_PKEY *key);
