/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signer, which wrote the store, is not believed more than need be: a link that leads elsewhere
 * is not followed. Who reads here may be root. */

#include "live/generation.h"

#include <fcntl.h>

#define STORE_PATH "/var/lib/acme"

/* "../certs/", a name, "/", a number. */
#define LINK_BYTES_MAX 256U

/* As the signer numbers them: [1-9][0-9]{0,8}. */
#define GENERATION_DIGITS_MAX 9U

static bool generation_is_valid(const char *s)
{
        size_t n = strspn(s, "0123456789");

        return n > 0 && n <= GENERATION_DIGITS_MAX && s[n] == 0 && *s != '0';
}

int live_generation(const char *root, const char *name, char **ret)
{
        _cleanup_free_ char *path = NULL, *prefix = NULL;
        char target[LINK_BYTES_MAX];
        const char *generation;
        ssize_t n;

        if (asprintf(&path, "%s" STORE_PATH "/live/%s", root, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (asprintf(&prefix, "../certs/%s/", name) < 0) {
                prefix = NULL;
                return -ENOMEM;
        }
        n = readlink(path, target, sizeof(target));
        if (n < 0)
                return errno == EINVAL ? -EBADMSG : -errno;
        if ((size_t) n >= sizeof(target))
                return -EBADMSG;
        target[n] = 0;
        generation = startswith(target, prefix);
        if (!generation || !generation_is_valid(generation))
                return -EBADMSG;
        *ret = strdup(generation);
        return *ret ? 0 : -ENOMEM;
}

int live_generation_open(const char *root, const char *name, const char *generation)
{
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int certs_fd = -EBADF;
        int fd;

        if (asprintf(&path, "%s" STORE_PATH "/certs/%s", root, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        certs_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (certs_fd < 0)
                return errno == ENOENT || errno == ENOTDIR ? -EBADMSG : -errno;
        fd = openat(certs_fd, generation, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? -EBADMSG : -errno;
        return fd;
}
