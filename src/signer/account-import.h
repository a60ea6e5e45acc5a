/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A key of an account that another client has made, in PEM or as a JWK. */

#include "signer/key.h"

#define ACCOUNT_IMPORT_FILE "/run/acme/door/import-key"

/* root: put before the path. Return: 0; -ENOENT; -EBADMSG when it is no private key in either form
 * without a password; -EOPNOTSUPP for one that cannot sign for an account; -errno. */
int account_import_read(const char *root, EVP_PKEY **ret);
