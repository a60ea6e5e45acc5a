/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "challenge/port-wait.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>

#include "base/file.h"

/* Addresses of acme.conf, and no more of them than it may have. */
#define LINE_BYTES_MAX (64U * 1024U)

/* Return: positive when the line has ended, 0, -errno. */
static int is_said(int dir_fd, const char *name)
{
        _cleanup_free_ char *line = NULL;
        int r;

        r = file_read(dir_fd, name, LINE_BYTES_MAX, O_NOFOLLOW, &line, NULL);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        return strchr(line, '\n') != NULL;
}

/* What has happened is looked up, not read: whatever it is, the file is looked at again. */
static int drain(int fd)
{
        char events[4096];

        return read(fd, events, sizeof(events)) < 0 && errno != EAGAIN && errno != EINTR ? -errno
                                                                                         : 0;
}

int port_wait(const char *directory, const char *name, usec_t timeout)
{
        _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
        usec_t end = now_monotonic() + timeout;
        int r;

        dir_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        fd = dir_fd < 0 ? -EBADF : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (fd < 0 || inotify_add_watch(fd, directory, IN_CREATE | IN_MODIFY | IN_ONLYDIR) < 0)
                return -errno;
        while ((r = is_said(dir_fd, name)) == 0) {
                struct pollfd p = {.fd = fd, .events = POLLIN};
                usec_t at = now_monotonic();

                if (at >= end)
                        return -ETIMEDOUT;
                if (poll(&p, 1, (int) ((end - at) / USEC_PER_MSEC + 1)) < 0 && errno != EINTR)
                        return -errno;
                r = drain(fd);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : 0;
}
