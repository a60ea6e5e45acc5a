/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A key that another client has made, of an account or a certificate, in PEM or as a JWK. */

#include "signer/key.h"

#define ACCOUNT_IMPORT_FILE "/run/acme/door/import-key"

/* Any private key in one of the two forms. dir_fd and name as in openat(). Return: 0; -ENOENT;
 * -EBADMSG when it is none; -errno. */
int key_import_file(int dir_fd, const char *name, EVP_PKEY **ret);

/* root: put before the path. Return: 0; -ENOENT; -EBADMSG when it is no private key in either form
 * without a password; -EOPNOTSUPP for one that cannot sign for an account; -errno. */
int account_import_read(const char *root, EVP_PKEY **ret);
