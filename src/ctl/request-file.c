/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One rename, so that a reader sees the request before or after; a power cut takes /run with it. */

#include "ctl/request-file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"

static int open_directory(const char *directory)
{
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

ExitStatus request_leave(const char *directory, const char *name, const char *text)
{
        _cleanup_close_ int fd = open_directory(directory);
        int r = fd;

        if (r >= 0)
                r = file_replace_unsynced(fd, name, text, strlen(text), 0644);
        if (r >= 0)
                return EXIT_DONE;
        log_error_errno(r, "Failed to leave the request %s/%s", directory, name);
        return r == -EACCES || r == -EPERM ? EXIT_REFUSED : EXIT_TRY_AGAIN;
}

void request_remove(const char *directory, const char *name)
{
        _cleanup_close_ int fd = open_directory(directory);

        if (fd < 0 || (unlinkat(fd, name, 0) < 0 && errno != ENOENT))
                log_warning_errno(fd < 0 ? fd : -errno,
                                  "Failed to remove the request %s/%s",
                                  directory,
                                  name);
}

void request_date(const char *directory, const char *name, const struct timespec *modified)
{
        const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, *modified};
        _cleanup_close_ int fd = open_directory(directory);

        if (fd < 0 || utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
                log_warning_errno(fd < 0 ? fd : -errno,
                                  "Failed to date the request %s/%s back",
                                  directory,
                                  name);
}
