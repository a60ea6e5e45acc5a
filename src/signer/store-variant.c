/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two certificates in one generation. Of the two, one is new at a time; the other is taken along,
 * as hard links to the files that are live, which are never written to again. So readers follow one
 * link still, and find both as they belong together. */

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "signer/store-internal.h"

const char *const store_variants[STORE_VARIANTS] = {NULL, "ec", "rsa"};

static int open_live(Store *store)
{
        _cleanup_free_ char *generation = NULL;
        int fd, r;

        r = store_read_link(store, &generation);
        if (r < 0)
                return r;
        fd = openat(store->certs_fd, generation, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

bool store_has_variant(Store *store, const char *variant)
{
        _cleanup_close_ int fd = open_live(store);
        char file[VARIANT_FILE_MAX];

        return fd >= 0 && faccessat(fd, variant_file(FULLCHAIN_FILE, variant, file), F_OK, 0) == 0;
}

/* Where a link is not to be had: the file is root's, who has restored it. */
static int copy(int from_fd, int to_fd, const char *file)
{
        _cleanup_(erase_and_freep) char *text = NULL;
        struct stat st;
        size_t length;
        int r;

        if (fstatat(from_fd, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        r = file_read(from_fd, file, CHAIN_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r < 0)
                return r;
        return file_create(to_fd, file, text, length, st.st_mode & 0644);
}

/* Return: 0; -ENOENT; -errno. */
static int carry(int from_fd, int to_fd, const char *file)
{
        if (linkat(from_fd, file, to_fd, file, 0) == 0)
                return 0;
        if (errno != EPERM && errno != EXDEV && errno != EMLINK)
                return -errno;
        return copy(from_fd, to_fd, file);
}

/* The key is somebody else's where the first certificate was asked for by CSR=. */
static bool may_be_missing(const char *file, const char *variant)
{
        return streq(file, PLACEHOLDER_FILE) || (!variant && streq(file, PRIVKEY_FILE));
}

static int carry_files(int from_fd, int to_fd, const char *variant)
{
        static const char *const files[] = GENERATION_FILES;

        FOREACH_ARRAY (file, files, ELEMENTSOF(files)) {
                char name[VARIANT_FILE_MAX];
                int r;

                r = carry(from_fd, to_fd, variant_file(*file, variant, name));
                if (r < 0 && !(r == -ENOENT && may_be_missing(*file, variant)))
                        return r;
        }
        return 0;
}

/* Half of a certificate is none; it is ordered anew by who looks for it. */
static void drop(int dir_fd, const char *variant)
{
        static const char *const files[] = GENERATION_FILES;

        FOREACH_ARRAY (file, files, ELEMENTSOF(files)) {
                char name[VARIANT_FILE_MAX];

                (void) unlinkat(dir_fd, variant_file(*file, variant, name), 0);
        }
}

int store_carry_other(Store *store, int dir_fd)
{
        const char *other = store->variant ? NULL : store->second;
        _cleanup_close_ int live_fd = -EBADF;
        int r;

        if (!store->second || (other && !store_has_variant(store, other)))
                return 0;
        live_fd = open_live(store);
        if (live_fd < 0)
                return live_fd;
        r = carry_files(live_fd, dir_fd, other);
        if (r != -ENOENT || !other)
                return r;
        log_warning("The %s certificate of %s is not whole, and is not taken along",
                    other,
                    store->name);
        drop(dir_fd, other);
        return 0;
}
