/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names are looked up in a directory that was opened before, and never followed. Its owner may be
 * the target's and may do in it what he likes meanwhile: what is given an owner is the descriptor
 * of the file that was made here, never a name, and what he gets by putting something else under
 * one of the names is his own doing to his own files.
 *
 * A new file is root's alone until it is whole: it gets its group while only root may read it, then
 * its mode, then its owner. In that order no capability is needed but CAP_CHOWN, and nobody reads
 * a key who is not to have it. */

#include "writer/place.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"

int place_init(Place *place, Failure *failure)
{
        struct stat st;
        int n;

        place->name = strrchr(place->path, '/') + 1;
        n = snprintf(place->temporary,
                     sizeof(place->temporary),
                     FILE_TEMPORARY_PREFIX "%s" PLACE_TEMPORARY_SUFFIX,
                     place->name);
        if (n >= (int) sizeof(place->temporary))
                return failure_set(failure,
                                   FAILURE_NAME_TOO_LONG,
                                   place->path,
                                   "the file name of %s leaves no room for \".#\" and "
                                   "\"" PLACE_TEMPORARY_SUFFIX "\"",
                                   place->path);
        place->is_missing = false;
        if (fstatat(place->directory->fd, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                place->is_missing = errno == ENOENT;
                return place->is_missing
                                       ? 0
                                       : failure_set_errno(failure, -errno, place->path, "look at");
        }
        if (S_ISLNK(st.st_mode))
                return failure_set(failure,
                                   FAILURE_SYMLINK,
                                   place->path,
                                   "%s is a symbolic link, and is neither followed nor replaced",
                                   place->path);
        if (!S_ISREG(st.st_mode))
                return failure_set(failure,
                                   FAILURE_NOT_REGULAR,
                                   place->path,
                                   "%s is no regular file",
                                   place->path);
        return 0;
}

/* Return: an open regular file; -ELOOP; -ENOENT; -EBADMSG when it is something else; -errno. */
static int open_regular(const Place *place, const char *name, struct stat *ret)
{
        _cleanup_close_ int fd = -EBADF;

        fd = openat(place->directory->fd,
                    name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fstat(fd, ret) < 0)
                return -errno;
        return S_ISREG(ret->st_mode) ? TAKE_FD(fd) : -EBADMSG;
}

/* Return: 1; 0; -errno. */
static int is_same_content(const Place *place, int fd, Material *material)
{
        size_t length;
        char *data;
        int r;

        r = file_read_fd(fd, MATERIAL_BYTES_MAX, &data, &length);
        if (r == -EFBIG)
                return 0;
        if (r < 0)
                return r;
        r = material_is_same(material, place->file, data, length);
        explicit_bzero(data, length);
        free(data);
        return r;
}

int place_inspect(Place *place, Material *material, Failure *failure)
{
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        fd = open_regular(place, place->name, &st);
        if (fd == -ENOENT) {
                place->is_missing = true;
                place->state = PLACE_MISSING;
                return 0;
        }
        if (fd < 0)
                return failure_set_errno(failure, fd, place->path, "open");
        place->state = PLACE_STALE;
        if (st.st_uid != place->identity->uid || st.st_gid != place->identity->gid ||
            (st.st_mode & 07777) != place->mode)
                return 0;
        r = is_same_content(place, fd, material);
        if (r < 0)
                return failure_set_errno(failure, r, place->path, "read");
        if (r > 0)
                place->state = PLACE_CURRENT;
        return 0;
}

/* From root's alone to the target's: see above. Return: 0, -errno. */
static int hand_over(const Place *place, int fd)
{
        if (fchown(fd, (uid_t) -1, place->identity->gid) < 0)
                return -errno;
        if (fchmod(fd, place->mode) < 0)
                return -errno;
        return fchown(fd, place->identity->uid, (gid_t) -1) < 0 ? -errno : 0;
}

int place_prepare(Place *place, Material *material, Failure *failure)
{
        _cleanup_close_ int fd = -EBADF;
        const char *data;
        size_t length;
        int r;

        r = material_get(material, place->file, &data, &length);
        if (r < 0)
                return r;
        r = place_tidy(place, failure);
        if (r != 0)
                return r;
        fd = openat(place->directory->fd,
                    place->temporary,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
        if (fd < 0)
                return failure_set_errno(failure, -errno, place->path, "make a file beside");
        place->state = PLACE_PREPARED;
        r = file_write_fd(fd, data, length);
        if (r < 0)
                return failure_set_errno(failure, r, place->path, "write what replaces");
        r = hand_over(place, fd);
        if (r < 0)
                return failure_set_errno(failure, r, place->path, "give owner and mode to");
        if (fsync(fd) < 0 || close(TAKE_FD(fd)) < 0)
                return failure_set_errno(failure, -errno, place->path, "sync what replaces");
        return 0;
}

int place_install(Place *place, Failure *failure)
{
        int fd = place->directory->fd;

        if (renameat2(fd,
                      place->temporary,
                      fd,
                      place->name,
                      place->is_missing ? RENAME_NOREPLACE : RENAME_EXCHANGE) == 0) {
                place->state = place->is_missing ? PLACE_NEW : PLACE_EXCHANGED;
                return 0;
        }
        /* Not every file system can do either: NFS, FAT of old kernels. */
        if (errno != EINVAL && errno != ENOSYS)
                return failure_set_errno(failure, -errno, place->path, "replace");
        if (renameat(fd, place->temporary, fd, place->name) < 0)
                return failure_set_errno(failure, -errno, place->path, "replace");
        place->state = place->is_missing ? PLACE_NEW : PLACE_REPLACED;
        return 0;
}

/* Return: 0, -errno. */
static int rename_back(const Place *place)
{
        int fd = place->directory->fd, r = 0;

        if (place->state == PLACE_EXCHANGED)
                r = renameat2(fd, place->temporary, fd, place->name, RENAME_EXCHANGE);
        else if (place->state == PLACE_NEW)
                r = renameat(fd, place->name, fd, place->temporary);
        return r < 0 ? -errno : 0;
}

void place_undo(Place *place)
{
        int r;

        if (place->state < PLACE_PREPARED)
                return;
        if (place->state == PLACE_REPLACED) {
                log_warning("%s is new already, and cannot be put back on this file system; the "
                            "next run makes the others fit",
                            place->path);
                return;
        }
        r = rename_back(place);
        if (r < 0) {
                log_warning_errno(r,
                                  "Failed to put back %s; the next run makes the others fit",
                                  place->path);
                return;
        }
        if (unlinkat(place->directory->fd, place->temporary, 0) < 0 && errno != ENOENT)
                log_warning_errno(-errno,
                                  "Failed to remove what was to replace %s; the next run does",
                                  place->path);
}

bool place_has_temporary(const Place *place)
{
        struct stat st;

        return fstatat(place->directory->fd, place->temporary, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
               errno != ENOENT;
}

int place_tidy(Place *place, Failure *failure)
{
        /* Looked at first, since a read-only file system refuses to remove even what is not there.
         */
        if (!place_has_temporary(place))
                return 0;
        if (unlinkat(place->directory->fd, place->temporary, 0) == 0 || errno == ENOENT)
                return 0;
        return failure_set_errno(failure, -errno, place->path, "remove what lies beside");
}

EVP_PKEY *place_public_key(const Place *place, bool is_temporary)
{
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        EVP_PKEY *key;
        size_t length;
        char *data;

        fd = open_regular(place, is_temporary ? place->temporary : place->name, &st);
        if (fd < 0 || file_read_fd(fd, MATERIAL_BYTES_MAX, &data, &length) < 0)
                return NULL;
        key = material_public_key(place->file, data, length);
        explicit_bzero(data, length);
        free(data);
        return key;
}
