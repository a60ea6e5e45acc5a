/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store's directories, what a killed run leaves in them, the pending key and the state file. */

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "base/log.h"
#include "signer/store-internal.h"

#define BAD_SUFFIX ".bad"

/* What base/file.c appends to the name of a temporary: a dot and 64 bits in hexadecimal. */
#define TEMPORARY_SUFFIX_DIGITS 16U

static void dir_closep(DIR **d)
{
        if (*d)
                closedir(*d);
}

/* Opens a directory, and makes it when it is not there, as in tests: the unit and tmpfiles do it
 * else. Return: the descriptor, -errno. */
static int open_directory(int parent_fd, const char *name)
{
        int fd, r;

        if (mkdirat(parent_fd, name, 0755) == 0) {
                r = file_sync_directory(parent_fd);
                if (r < 0)
                        return r;
        } else if (errno != EEXIST && errno != EROFS && errno != EACCES)
                return -errno;
        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int open_directories(Store *store, const char *root)
{
        _cleanup_close_ int root_fd = -EBADF, parent_fd = -EBADF;
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s" STORE_PATH, root) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                return -errno;
        parent_fd = open_directory(root_fd, "certs");
        if (parent_fd < 0)
                return parent_fd;
        store->certs_fd = open_directory(parent_fd, store->name);
        if (store->certs_fd < 0)
                return store->certs_fd;
        store->live_fd = open_directory(root_fd, "live");
        return MIN(store->live_fd, 0);
}

int store_open(const char *root, const char *name, Store **ret)
{
        _cleanup_(store_freep) Store *store = calloc(1, sizeof(Store));
        int r;

        if (!store)
                return -ENOMEM;
        store->certs_fd = store->live_fd = -EBADF;
        store->name = strdup(name);
        if (!store->name)
                return -ENOMEM;
        r = open_directories(store, root);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(store);
        return 0;
}

void store_use_variant(Store *store, const char *variant, const char *second)
{
        store->variant = variant;
        store->second = second;
}

void store_free(Store *store)
{
        if (!store)
                return;
        closep(&store->certs_fd);
        closep(&store->live_fd);
        free(store->name);
        free(store);
}

/* Calls remove() for each entry that is_leftover() says is one. Return: 0, -errno. */
static int
sweep(Store *store, int dir_fd, bool (*is_leftover)(const Store *store, const char *name))
{
        _cleanup_(dir_closep) DIR *d = NULL;
        int fd;

        fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        d = fdopendir(fd);
        if (!d) {
                int r = -errno;

                close(fd);
                return r;
        }
        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(d);
                if (!entry)
                        return -errno;
                if (!is_leftover(store, entry->d_name))
                        continue;
                if (unlinkat(dir_fd, entry->d_name, 0) == 0 || errno == ENOENT)
                        continue;
                if (errno != EISDIR && errno != EPERM)
                        return -errno;
                r = file_remove_tree(dir_fd, entry->d_name);
                if (r < 0)
                        return r;
        }
}

/* certs/NAME is ours alone: no other process has a temporary there. */
static bool is_temporary(const Store *store _unused_, const char *name)
{
        return startswith(name, FILE_TEMPORARY_PREFIX);
}

/* Of a key type that the configuration does not have any more. */
static bool is_of_other_variant(const Store *store, const char *name)
{
        static const char *const files[] = {PENDING_DIRECTORY, STATE_FILE};

        FOREACH_ARRAY (variant, store_variants, STORE_VARIANTS)
                FOREACH_ARRAY (file, files, ELEMENTSOF(files)) {
                        char buffer[VARIANT_FILE_MAX];

                        if (*variant && !streq_ptr(*variant, store->second) &&
                            streq(name, variant_file(*file, *variant, buffer)))
                                return true;
                }
        return false;
}

/* live/ is shared by all names: ".#NAME." and the digits of a temporary, nothing longer. */
static bool is_temporary_link(const Store *store, const char *name)
{
        const char *rest = startswith(name, FILE_TEMPORARY_PREFIX);

        if (rest)
                rest = startswith(rest, store->name);
        if (!rest || *rest++ != '.')
                return false;
        return strlen(rest) == TEMPORARY_SUFFIX_DIGITS &&
               strspn(rest, "0123456789abcdef") == TEMPORARY_SUFFIX_DIGITS;
}

int store_tidy(Store *store)
{
        int r;

        r = sweep(store, store->certs_fd, is_temporary);
        if (r == 0)
                r = sweep(store, store->certs_fd, is_of_other_variant);
        if (r == 0)
                r = sweep(store, store->live_fd, is_temporary_link);
        if (r == 0)
                r = store_drop_stale_import(store);
        return r;
}

int store_check_room(Store *store)
{
        struct statvfs fs;

        if (fstatvfs(store->certs_fd, &fs) < 0)
                return -errno;
        if (fs.f_flag & ST_RDONLY)
                return -EROFS;
        if ((uint64_t) fs.f_bavail * fs.f_frsize < STORE_FREE_BYTES_MIN)
                return -ENOSPC;
        /* File systems without a table of inodes say 0 of 0. */
        if (fs.f_files > 0 && fs.f_favail < STORE_FREE_FILES_MIN)
                return -ENOSPC;
        if (faccessat(store->certs_fd, ".", W_OK | X_OK, AT_EACCESS) < 0 ||
            faccessat(store->live_fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
                return -errno;
        return 0;
}

/* Return: the descriptor, -ENOENT, -errno. */
static int open_pending(Store *store)
{
        int fd = openat(store->certs_fd,
                        STORE_FILE(store, PENDING_DIRECTORY),
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int store_read_pending(Store *store, EVP_PKEY **ret)
{
        _cleanup_close_ int fd = open_pending(store);

        if (fd < 0)
                return fd;
        return key_read_file(fd, PENDING_FILE, ret);
}

int store_write_pending(Store *store, EVP_PKEY *key)
{
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = store_drop_pending(store);
        if (r < 0)
                return r;
        if (mkdirat(store->certs_fd, STORE_FILE(store, PENDING_DIRECTORY), 0700) < 0)
                return -errno;
        fd = open_pending(store);
        if (fd < 0)
                return fd;
        r = key_create_file(fd, PENDING_FILE, key);
        if (r == 0)
                r = file_sync_directory(fd);
        if (r == 0)
                r = file_sync_directory(store->certs_fd);
        return r;
}

int store_drop_pending(Store *store)
{
        const char *directory = STORE_FILE(store, PENDING_DIRECTORY);
        int r;

        r = file_remove_tree(store->certs_fd, directory);
        /* Something that is no directory stands in its place. */
        if (r == -ENOTDIR && unlinkat(store->certs_fd, directory, 0) == 0)
                r = 0;
        return r;
}

int store_read_state(Store *store, State **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        r = file_read(store->certs_fd,
                      STORE_FILE(store, STATE_FILE),
                      STATE_BYTES_MAX,
                      O_NOFOLLOW,
                      &text,
                      &length);
        if (r == -ENOENT)
                return state_new(ret);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return STATE_E_DAMAGED;
        return state_parse(text, length, ret);
}

int store_write_state(Store *store, const char *text)
{
        return file_replace_unsynced(store->certs_fd,
                                     STORE_FILE(store, STATE_FILE),
                                     text,
                                     strlen(text),
                                     0644);
}

int store_sync_state(Store *store)
{
        int r;

        r = file_sync(store->certs_fd, STORE_FILE(store, STATE_FILE));
        return r < 0 ? r : file_sync_directory(store->certs_fd);
}

int store_set_state_aside(Store *store)
{
        const char *file = STORE_FILE(store, STATE_FILE);
        char bad[VARIANT_FILE_MAX + sizeof(BAD_SUFFIX)];

        (void) snprintf(bad, sizeof(bad), "%s" BAD_SUFFIX, file);
        if (renameat(store->certs_fd, file, store->certs_fd, bad) == 0)
                return 0;
        if (errno != EISDIR && errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
                return -errno;
        /* Of directory and file one cannot take the other's place. */
        (void) unlinkat(store->certs_fd, bad, 0);
        (void) file_remove_tree(store->certs_fd, bad);
        return renameat(store->certs_fd, file, store->certs_fd, bad) < 0 ? -errno : 0;
}
