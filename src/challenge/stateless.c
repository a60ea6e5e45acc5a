/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All holders are processes of this room, which trust each other with this directory anyway; a lock
 * on it keeps them from choosing at the same moment. A holder's own file is made first and removed
 * last, so that whoever cleans up behind one that was killed knows that there is something to do.
 */

#include "challenge/stateless.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>

#include "base/file.h"

#define HOLDER_PREFIX STATELESS_FILE "."
#define TEMPORARY_PREFIX FILE_TEMPORARY_PREFIX STATELESS_FILE
#define THUMBPRINT_BYTES_MAX 128U

static void dir_closep(DIR **d)
{
        if (*d)
                closedir(*d);
}

/* Return: 0, and the directory with the lock, which goes when it is closed; -errno. */
static int open_locked(int directory_fd, DIR **ret)
{
        int fd, r;

        fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX) < 0 || !(*ret = fdopendir(fd))) {
                r = -errno;
                close(fd);
                return r;
        }
        return 0;
}

static void own_file(const char *holder, char ret[static NAME_MAX + 1])
{
        (void) snprintf(ret, NAME_MAX + 1, HOLDER_PREFIX "%s", holder);
}

static int remove_file(int fd, const char *name)
{
        return unlinkat(fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int stateless_publish(int directory_fd, const char *holder, const char *thumbprint)
{
        _cleanup_(dir_closep) DIR *d = NULL;
        char own[NAME_MAX + 1];
        int r;

        own_file(holder, own);
        r = open_locked(directory_fd, &d);
        if (r == 0)
                r = remove_file(dirfd(d), own);
        if (r == 0)
                r = file_create_unsynced(dirfd(d), own, thumbprint, strlen(thumbprint), 0644);
        if (r == 0)
                r = file_replace_unsynced(dirfd(d),
                                          STATELESS_FILE,
                                          thumbprint,
                                          strlen(thumbprint),
                                          0644);
        return r;
}

/* Who is left besides own, and what somebody who was killed in the middle has left, which goes.
 * Return: 0, *ret is NULL when nobody is; -errno. */
static int find_other(DIR *d, const char *own, char **ret)
{
        for (struct dirent *entry; (entry = readdir(d));) {
                if (startswith(entry->d_name, TEMPORARY_PREFIX)) {
                        int r = remove_file(dirfd(d), entry->d_name);

                        if (r < 0)
                                return r;
                } else if (!*ret && startswith(entry->d_name, HOLDER_PREFIX) &&
                           !streq(entry->d_name, own)) {
                        *ret = strdup(entry->d_name);
                        if (!*ret)
                                return -ENOMEM;
                }
        }
        return 0;
}

/* The web root reads what that holder has; nothing without one. */
static int point_at(int fd, const char *other)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        if (!other)
                return remove_file(fd, STATELESS_FILE);
        r = file_read(fd, other, THUMBPRINT_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r < 0)
                return r;
        return file_replace_unsynced(fd, STATELESS_FILE, text, length, 0644);
}

int stateless_withdraw(int directory_fd, const char *holder)
{
        _cleanup_(dir_closep) DIR *d = NULL;
        _cleanup_free_ char *other = NULL;
        char own[NAME_MAX + 1];
        int r;

        own_file(holder, own);
        if (faccessat(directory_fd, own, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        r = open_locked(directory_fd, &d);
        if (r == 0)
                r = find_other(d, own, &other);
        if (r == 0)
                r = point_at(dirfd(d), other);
        return r < 0 ? r : remove_file(dirfd(d), own);
}
