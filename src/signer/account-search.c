/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All accounts, looked through for a key. Keys are compared by what a CA tells them apart by. */

#include <dirent.h>
#include <fcntl.h>

#include "signer/account-internal.h"
#include "signer/jwk.h"

static void dir_closep(DIR **d)
{
        if (*d)
                closedir(*d);
}

/* Takes fd. Return: 0, -errno. */
static int open_list(int fd, DIR **ret)
{
        if (fd < 0)
                return -errno;
        *ret = fdopendir(fd);
        if (*ret)
                return 0;
        close(fd);
        return -ENOMEM;
}

static bool is_key_file(const char *name)
{
        size_t n = strlen(name);

        return n > strlen(".pem") && streq(name + n - strlen(".pem"), ".pem");
}

/* What cannot be read is nobody's key. Return: 1, 0, -ENOMEM. */
static int file_has_key(int dir_fd, const char *name, const char *thumbprint)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        _cleanup_free_ char *found = NULL;
        int r;

        r = key_read_file(dir_fd, name, &key);
        if (r == 0)
                r = jwk_thumbprint(key, &found);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        return streq(found, thumbprint);
}

/* key.pem, next.pem, and what was one of them once; and one that is in a token. */
static int account_has_key(int parent_fd, const char *name, const char *thumbprint)
{
        _cleanup_(dir_closep) DIR *dir = NULL;
        struct dirent *entry;
        int r;

        r = open_list(openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                      &dir);
        if (r < 0)
                return r == -ENOTDIR || r == -ELOOP ? 0 : r;
        if (account_is_known_by(dirfd(dir), thumbprint))
                return 1;
        while ((entry = readdir(dir))) {
                if (!is_key_file(entry->d_name))
                        continue;
                r = file_has_key(dirfd(dir), entry->d_name, thumbprint);
                if (r != 0)
                        return r;
        }
        return 0;
}

int accounts_have_key(const char *root, EVP_PKEY *key)
{
        _cleanup_free_ char *path = NULL, *thumbprint = NULL;
        _cleanup_(dir_closep) DIR *dir = NULL;
        struct dirent *entry;
        int r;

        r = jwk_thumbprint(key, &thumbprint);
        /* No account can have one of that kind. */
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        if (asprintf(&path, "%s" ACCOUNTS_PATH, root) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = open_list(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &dir);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        while ((entry = readdir(dir))) {
                if (entry->d_name[0] == '.')
                        continue;
                r = account_has_key(dirfd(dir), entry->d_name, thumbprint);
                if (r != 0)
                        return r;
        }
        return 0;
}
