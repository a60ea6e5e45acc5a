/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Private keys: made, written, read. Nobody outside of this folder ever sees one.
 *
 * Their numbers live in OpenSSL's secure heap (locked into memory, left out of core files) and are
 * erased when the key is freed; so are the texts that go to and come from files. */

#include <openssl/evp.h>
#include <stdatomic.h>

#include "config/key-type.h"

/* Larger than any key file: RSA-4096 has 3.3 KiB, ML-DSA-87 some 7. */
#define KEY_FILE_BYTES_MAX (64U * 1024U)

static inline void key_freep(EVP_PKEY **key)
{
        EVP_PKEY_free(*key);
}
#define _cleanup_key_ _cleanup_(key_freep)

/* Once, before anything of OpenSSL's is used: the secure heap, and no openssl.cnf. */
void key_library_init(void);

/* Takes the key's time: 50 µs for EC, up to seconds for RSA. cancel may be NULL; once it is true,
 * the function returns soon. Return: 0; -ECANCELED; -EIO when OpenSSL fails. */
int key_generate(KeyType type, atomic_bool *cancel, EVP_PKEY **ret);

/* KEY_TYPE_INVALID for a kind that configuration has no name for. */
KeyType key_get_type(EVP_PKEY *key);

/* A new file with mode 0600 from birth, PKCS #8 in PEM without a password (RFC 5958); synced, the
 * directory not. Return: 0; -EEXIST; -errno. */
int key_create_file(int dir_fd, const char *name, EVP_PKEY *key);

/* The same, with the sync left to the caller. */
int key_create_file_unsynced(int dir_fd, const char *name, EVP_PKEY *key);

/* Return: 0; -ENOENT; -EBADMSG when it is no private key without a password; -errno. */
int key_read_file(int dir_fd, const char *name, EVP_PKEY **ret);
