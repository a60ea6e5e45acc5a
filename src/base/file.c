/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that survive a power cut. Seen on a real machine: write and rename without fsync left
 * certificate and key with 0 bytes after the power went. So the order is always: write, sync the
 * file, rename, sync the directory.
 *
 * Invariant: names are single components below a directory that the caller has opened; nothing here
 * resolves a path or follows a link out of it. A file may hold a private key: its mode is right
 * from birth, and copies that stay behind in memory are erased. */

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/file.h"

/* How deep a directory of ours may be: certs/NAME/GENERATION/file is two. */
#define REMOVE_DEPTH_MAX 8U

/* A name is tried this often; a collision of 64 random bits is a wonder already. */
#define TEMPORARY_TRIES 4U

#define TEMPORARY_NAME_MAX 256U

static void dir_closep(DIR **d)
{
        if (*d)
                closedir(*d);
}

/* Reads until the end or until max + 1 bytes are there, whatever the size was said to be: files
 * grow. Return: 0, -EFBIG, -errno. */
static int read_all(int fd, char *buffer, size_t max, size_t *ret_length)
{
        size_t length = 0;

        for (;;) {
                ssize_t n = read(fd, buffer + length, max + 1 - length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                length += (size_t) n;
                if (length > max)
                        return -EFBIG;
        }
        *ret_length = length;
        return 0;
}

int file_read_fd(int fd, size_t max, char **ret, size_t *ret_length)
{
        _cleanup_free_ char *buffer = NULL;
        size_t length = 0, size;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size > 0 && (uintmax_t) st.st_size > max)
                return -EFBIG;

        /* procfs and sysfs say 0 or a page: there only the reading tells. */
        size = st.st_size > 0 && st.st_blocks > 0 ? (size_t) st.st_size : max;
        buffer = malloc(size + 1);
        if (!buffer)
                return -ENOMEM;
        r = read_all(fd, buffer, size, &length);
        if (r < 0) {
                explicit_bzero(buffer, size + 1);
                return r;
        }
        buffer[length] = '\0';
        *ret = TAKE_PTR(buffer);
        *ret_length = length;
        return 0;
}

int file_read(int dir_fd, const char *path, size_t max, int flags, char **ret, size_t *ret_length)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *buffer = NULL;
        struct stat st;
        size_t length;
        int r;

        /* Non-blocking, so that a FIFO in a file's place cannot hold us. */
        fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADMSG;
        r = file_read_fd(fd, max, &buffer, &length);
        if (r < 0)
                return r;
        if (memchr(buffer, 0, length)) {
                explicit_bzero(buffer, length);
                return -EBADMSG;
        }
        *ret = TAKE_PTR(buffer);
        if (ret_length)
                *ret_length = length;
        return 0;
}

int file_write_fd(int fd, const void *data, size_t length)
{
        const char *at = data;

        while (length > 0) {
                ssize_t n = write(fd, at, length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                at += n;
                length -= (size_t) n;
        }
        return 0;
}

/* Return: 0, -errno; fd is closed either way. */
static int fill_and_close(int fd, const void *data, size_t length, mode_t mode, bool sync)
{
        int r;

        r = file_write_fd(fd, data, length);
        /* The umask can only have taken bits away from a mode that was never too wide. */
        if (r == 0 && fchmod(fd, mode) < 0)
                r = -errno;
        if (r == 0 && sync && fsync(fd) < 0)
                r = -errno;
        /* On its way at least, so that a sync that follows has less to wait for. */
        if (r == 0 && !sync)
                (void) sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        if (close(fd) < 0 && r == 0)
                r = -errno;
        return r;
}

static int
create(int dir_fd, const char *name, const void *data, size_t length, mode_t mode, bool sync)
{
        int fd, r;

        fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return -errno;
        r = fill_and_close(fd, data, length, mode, sync);
        if (r < 0)
                (void) unlinkat(dir_fd, name, 0);
        return r;
}

int file_create(int dir_fd, const char *name, const void *data, size_t length, mode_t mode)
{
        return create(dir_fd, name, data, length, mode, true);
}

int file_create_unsynced(int dir_fd, const char *name, const void *data, size_t length, mode_t mode)
{
        return create(dir_fd, name, data, length, mode, false);
}

int file_sync(int dir_fd, const char *name)
{
        _cleanup_close_ int fd =
                        openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        return fsync(fd) < 0 ? -errno : 0;
}

int file_sync_directory(int dir_fd)
{
        /* Opened anew, so that an O_PATH descriptor and AT_FDCWD do as well. */
        _cleanup_close_ int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        return fsync(fd) < 0 ? -errno : 0;
}

/* ".#name.16 hexadecimal digits". Return: 0, -ENAMETOOLONG, -errno. */
static int temporary_name(char buffer[static TEMPORARY_NAME_MAX], const char *name)
{
        uint64_t random;
        int n;

        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
                return errno > 0 ? -errno : -EIO;
        n = snprintf(buffer,
                     TEMPORARY_NAME_MAX,
                     FILE_TEMPORARY_PREFIX "%s.%016llx",
                     name,
                     (unsigned long long) random);
        return n < 0 || n >= (int) TEMPORARY_NAME_MAX ? -ENAMETOOLONG : 0;
}

/* Return: 0, -errno, and the temporary is gone then. */
static int rename_over(int dir_fd, const char *temporary, const char *name, bool sync)
{
        if (renameat(dir_fd, temporary, dir_fd, name) < 0) {
                int r = -errno;

                (void) unlinkat(dir_fd, temporary, 0);
                return r;
        }
        return sync ? file_sync_directory(dir_fd) : 0;
}

static int
replace(int dir_fd, const char *name, const void *data, size_t length, mode_t mode, bool sync)
{
        char temporary[TEMPORARY_NAME_MAX];
        int r = -EEXIST;

        assert(!strchr(name, '/'));
        for (unsigned i = 0; r == -EEXIST && i < TEMPORARY_TRIES; i++) {
                r = temporary_name(temporary, name);
                if (r == 0)
                        r = create(dir_fd, temporary, data, length, mode, sync);
        }
        return r < 0 ? r : rename_over(dir_fd, temporary, name, sync);
}

int file_replace(int dir_fd, const char *name, const void *data, size_t length, mode_t mode)
{
        return replace(dir_fd, name, data, length, mode, true);
}

int file_replace_unsynced(int dir_fd,
                          const char *name,
                          const void *data,
                          size_t length,
                          mode_t mode)
{
        return replace(dir_fd, name, data, length, mode, false);
}

int file_symlink_replace(int dir_fd, const char *target, const char *name)
{
        char temporary[TEMPORARY_NAME_MAX];
        int r = -EEXIST;

        assert(!strchr(name, '/'));
        for (unsigned i = 0; r == -EEXIST && i < TEMPORARY_TRIES; i++) {
                r = temporary_name(temporary, name);
                if (r == 0 && symlinkat(target, dir_fd, temporary) < 0)
                        r = -errno;
        }
        return r < 0 ? r : rename_over(dir_fd, temporary, name, true);
}

static int remove_tree(int dir_fd, const char *name, dev_t device, unsigned depth);

/* What stands in a directory, one by one. */
static int remove_content(DIR *d, dev_t device, unsigned depth)
{
        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(d);
                if (!entry)
                        return -errno;
                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                if (unlinkat(dirfd(d), entry->d_name, 0) == 0 || errno == ENOENT)
                        continue;
                if (errno != EISDIR && errno != EPERM)
                        return -errno;
                r = remove_tree(dirfd(d), entry->d_name, device, depth);
                if (r < 0)
                        return r;
        }
}

/* device: that of the tree's root, 0 for the root itself. */
static int remove_tree(int dir_fd, const char *name, dev_t device, unsigned depth)
{
        _cleanup_(dir_closep) DIR *d = NULL;
        struct stat st;
        int fd, r;

        if (depth == 0)
                return -ELOOP;
        fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        d = fdopendir(fd);
        if (!d) {
                r = -errno;
                close(fd);
                return r;
        }
        if (fstat(fd, &st) < 0)
                return -errno;
        if (device != 0 && st.st_dev != device)
                return -EXDEV;
        r = remove_content(d, st.st_dev, depth - 1);
        if (r < 0)
                return r;
        return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int file_remove_tree(int dir_fd, const char *name)
{
        int r;

        assert(!strchr(name, '/'));
        r = remove_tree(dir_fd, name, 0, REMOVE_DEPTH_MAX);
        return r == -ENOENT ? 0 : r;
}
