/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One empty file for each key: made by whichever signer comes first, found by all of them, and
 * nothing of it that two of them, or a power cut, could leave half written. */

#include "signer/retired.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/file.h"

int retired_fingerprint(EVP_PKEY *key, char buffer[static RETIRED_FINGERPRINT_MAX])
{
        unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
        unsigned length = 0;
        int n;

        n = i2d_PUBKEY(key, &der);
        if (n <= 0 || EVP_Digest(der, (size_t) n, digest, &length, EVP_sha256(), NULL) != 1) {
                ERR_clear_error();
                OPENSSL_free(der);
                return -ENOMEM;
        }
        OPENSSL_free(der);
        for (unsigned i = 0; i < length; i++)
                (void) snprintf(buffer + 2 * (size_t) i, 3, "%02x", digest[i]);
        return 0;
}

/* Return: the descriptor; -ENOENT; -errno. */
static int open_directory(const char *root)
{
        _cleanup_free_ char *path = NULL;
        int fd;

        if (asprintf(&path, "%s" RETIRED_PATH, root) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int retired_has(const char *root, EVP_PKEY *key)
{
        char name[RETIRED_FINGERPRINT_MAX];
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = retired_fingerprint(key, name);
        if (r < 0)
                return r;
        fd = open_directory(root);
        /* The store was made before there were such keys. */
        if (fd == -ENOENT)
                return 0;
        if (fd < 0)
                return fd;
        if (faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return 1;
        return errno == ENOENT ? 0 : -errno;
}

int retired_add(const char *root, EVP_PKEY *key)
{
        char name[RETIRED_FINGERPRINT_MAX];
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = retired_fingerprint(key, name);
        if (r < 0)
                return r;
        fd = open_directory(root);
        if (fd < 0)
                return fd;
        r = file_create(fd, name, "", 0, 0644);
        if (r < 0 && r != -EEXIST)
                return r;
        /* Also of one that was there: who made it may not have come so far. */
        return file_sync_directory(fd);
}
