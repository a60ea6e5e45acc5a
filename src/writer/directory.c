/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who can write a directory decides what its names mean. A link anywhere in the path would have us
 * write, with the rights of root, where somebody else points. So the way is gone step by step, each
 * from the directory before it, and no step is taken through a link. (openat2() would do it in one,
 * but RestrictSUIDSGID= of the unit takes that call away, as it cannot look into it; and a key is a
 * better prize with a program beside it that runs as root.) What is checked is the descriptor that
 * is written through later. Access lists are not read: a right to write in one of them shows as the
 * group's. */

#include "writer/directory.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/escape.h"

/* What is gone after a reboot, or is the unit's own and not the machine's; the configuration
 * refuses the kernel's own places. */
static const char *const unfit_places[] = {
                "/run",
                "/var/run",
                "/tmp",
                "/var/tmp",
};

void directory_done(Directory *directory)
{
        free(directory->path);
        closep(&directory->fd);
        *directory = (Directory){.fd = -EBADF};
}

static bool is_unfit(const char *path)
{
        FOREACH_ARRAY (place, unfit_places, ELEMENTSOF(unfit_places)) {
                const char *rest = startswith(path, *place);

                if (rest && (*rest == '/' || *rest == '\0'))
                        return true;
        }
        return false;
}

/* A part of the path that is no directory. */
static int refuse_part(int parent_fd, const char *name, const char *part, Failure *failure)
{
        _cleanup_free_ char *shown = NULL;
        char target[PATH_MAX];
        ssize_t n;

        n = readlinkat(parent_fd, name, target, sizeof(target));
        if (n < 0)
                return failure_set(failure,
                                   FAILURE_NO_DIRECTORY,
                                   part,
                                   "%s is not a directory",
                                   part);
        shown = escape_foreign(target, (size_t) n, FOREIGN_TEXT_MAX);
        return failure_set(failure,
                           FAILURE_SYMLINK,
                           part,
                           "%s is a symbolic link (to %s), and none is followed on the way to a "
                           "target",
                           part,
                           shown ?: "somewhere else");
}

/* One step down. part: the path as far as name. */
static int
open_part(int parent_fd, const char *name, const char *part, int *ret_fd, Failure *failure)
{
        int fd;

        fd = openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0) {
                *ret_fd = fd;
                return 0;
        }
        if (errno == ENOTDIR || errno == ELOOP)
                return refuse_part(parent_fd, name, part, failure);
        if (errno == ENOENT)
                return failure_set(failure,
                                   FAILURE_NO_DIRECTORY,
                                   part,
                                   "the directory %s does not exist",
                                   part);
        return failure_set_errno(failure, -errno, part, "open the directory");
}

/* From the root to the directory, and then that one for reading. */
static int walk(int root_fd, const char *path, int *ret_fd, Failure *failure)
{
        _cleanup_close_ int fd = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *part = strdup(path);

        if (!part)
                return -ENOMEM;
        for (char *name = part + 1, *end; fd >= 0 && *name; name = end) {
                char separator;
                int next = -EBADF, r;

                end = name + strcspn(name, "/");
                separator = *end;
                *end = '\0';
                r = open_part(fd, name, part, &next, failure);
                if (r != 0)
                        return r;
                close(fd);
                fd = next;
                *end = separator;
                end += separator != '\0';
        }
        *ret_fd = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return *ret_fd < 0 ? failure_set_errno(failure, -errno, path, "open the directory") : 0;
}

/* Can anybody change what is in it who is neither root nor who may have the key anyway? */
static int check_writers(int fd, const char *path, const Identity *identity, Failure *failure)
{
        struct stat st;
        const char *who = NULL;

        if (fstat(fd, &st) < 0)
                return failure_set_errno(failure, -errno, path, "look at the directory");
        if (st.st_mode & S_IWOTH)
                who = "everybody";
        else if ((st.st_mode & S_IWGRP) && st.st_gid != identity->gid)
                who = "its group, which is not the target's,";
        else if (st.st_uid != 0 && st.st_uid != identity->uid)
                who = "its owner, who is neither root nor the target's,";
        if (!who)
                return 0;
        return failure_set(failure,
                           FAILURE_DIRECTORY_WRITABLE,
                           path,
                           "%s can replace files in the directory %s (owner %u, group %u, mode "
                           "%04o)",
                           who,
                           path,
                           (unsigned) st.st_uid,
                           (unsigned) st.st_gid,
                           (unsigned) (st.st_mode & 07777));
}

int directory_open(int root_fd,
                   const char *path,
                   const Identity *identity,
                   Directory *ret,
                   Failure *failure)
{
        _cleanup_(directory_done) Directory directory = {.fd = -EBADF};
        int r;

        assert(*path == '/');
        if (is_unfit(path))
                return failure_set(failure,
                                   FAILURE_UNFIT_PLACE,
                                   path,
                                   "files in %s do not outlive a reboot, or are not seen by others",
                                   path);
        r = walk(root_fd, path, &directory.fd, failure);
        if (r != 0)
                return r;
        r = check_writers(directory.fd, path, identity, failure);
        if (r != 0)
                return r;
        directory.path = strdup(path);
        if (!directory.path)
                return -ENOMEM;
        *ret = directory;
        directory = (Directory){.fd = -EBADF};
        return 0;
}

int directory_sync(const Directory *directory, Failure *failure)
{
        if (fsync(directory->fd) < 0)
                return failure_set_errno(failure, -errno, directory->path, "sync the directory");
        return 0;
}
