/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-directory make PATH, acme-directory remove PATH: see README.md. The directory above PATH is
 * mounted at a place that is always the same; PID 1 has put it there. */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/exit-status.h"
#include "base/log.h"
#include "directory/directory.h"

#define PARENT "/run/acme/parent"
#define RECORDS "/run/acme/directory"
#define RECORD "now"

/* Without the directory above it, PID 1 has mounted nothing there. Return: an fd; -EBADF: that. */
static int open_parent(void)
{
        _cleanup_close_ int fd = open(PARENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct statx stx;

        if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &stx) < 0 ||
            !(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT))
                return -EBADF;
        return TAKE_FD(fd);
}

/* It is there as long as something is written down, so that rooms have nothing to mount otherwise.
 * Return: an fd; -ENOENT; -errno. */
static int open_record(int records_fd, bool make)
{
        int fd;

        if (make && mkdirat(records_fd, RECORD, 0755) < 0 && errno != EEXIST)
                return -errno;
        fd = openat(records_fd, RECORD, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int run(bool make, const char *path)
{
        _cleanup_close_ int records_fd = -EBADF, record_fd = -EBADF, parent_fd = -EBADF;
        int r;

        records_fd = open(RECORDS, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (records_fd < 0)
                return -errno;
        record_fd = open_record(records_fd, make);
        if (record_fd < 0)
                return record_fd == -ENOENT ? 0 : record_fd;
        parent_fd = open_parent();
        if (make)
                return directory_make(record_fd, parent_fd, path);
        r = directory_remove(record_fd, parent_fd, path);
        if (r >= 0 && unlinkat(records_fd, RECORD, AT_REMOVEDIR) < 0)
                return -errno;
        return r;
}

int main(int argc, char *argv[])
{
        bool is_make;
        int r;

        log_open("acme-directory");
        if (argc != 3 || (!streq(argv[1], "make") && !streq(argv[1], "remove")) ||
            argv[2][0] != '/' || argv[2][1] == '\0') {
                log_error("Usage: acme-directory make|remove PATH");
                return EXIT_BUG;
        }
        is_make = streq(argv[1], "make");
        r = run(is_make, argv[2]);
        if (r < 0) {
                log_error_errno(r, "Failed to %s the directory %s", argv[1], argv[2]);
                return EXIT_BUG;
        }
        /* What was refused, or left, has been told: trying again would not change it. */
        return EXIT_DONE;
}
