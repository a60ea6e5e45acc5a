/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Root has put the file there; it may still be any file, by mistake. */

#include "signer/account-import.h"

#include <fcntl.h>

#include "base/file.h"
#include "signer/jwk-private.h"
#include "signer/jws.h"

/* What every CA takes at least (CA/Browser Forum Baseline Requirements section 6.1.5). */
#define RSA_BITS_MIN 2048

static int read_jwk(int dir_fd, const char *path, EVP_PKEY **ret)
{
        char *text = NULL;
        size_t length;
        int r;

        r = file_read(dir_fd, path, KEY_FILE_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r < 0)
                return r;
        r = jwk_private_parse(text, length, ret);
        explicit_bzero(text, length);
        free(text);
        return r;
}

int key_import_file(int dir_fd, const char *name, EVP_PKEY **ret)
{
        int r;

        r = key_read_file(dir_fd, name, ret);
        return r == -EBADMSG ? read_jwk(dir_fd, name, ret) : r;
}

int account_import_read(const char *root, EVP_PKEY **ret)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        if (asprintf(&path, "%s" ACCOUNT_IMPORT_FILE, root) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = key_import_file(AT_FDCWD, path, &key);
        if (r < 0)
                return r;
        if (!jws_algorithm(key) ||
            (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < RSA_BITS_MIN))
                return -EOPNOTSUPP;
        *ret = TAKE_PTR(key);
        return 0;
}
