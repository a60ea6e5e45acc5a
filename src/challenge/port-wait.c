/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looks again and again instead of having inotify say when: to give an inotify descriptor back
 * takes the kernel up to 20 ms, which is more than there is to wait for. */

#include "challenge/port-wait.h"

#include <fcntl.h>
#include <poll.h>

#include "base/file.h"

/* Addresses of acme.conf, and no more of them than it may have. */
#define LINE_BYTES_MAX (64U * 1024U)

/* PID 1 has set up the firewall's sandbox when it has set up this one, or a little later. */
#define PAUSE_MSEC 1

/* Return: positive when the line has ended, 0, -errno. */
static int is_said(int dir_fd, const char *name)
{
        _cleanup_free_ char *line = NULL;
        int r;

        r = file_read(dir_fd, name, LINE_BYTES_MAX, O_NOFOLLOW, &line, NULL);
        /* Not there yet; or it has grown while it was read. */
        if (r == -ENOENT || r == -EFBIG)
                return 0;
        if (r < 0)
                return r;
        return strchr(line, '\n') != NULL;
}

int port_wait(const char *directory, const char *name, usec_t timeout)
{
        _cleanup_close_ int dir_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        usec_t end = now_monotonic() + timeout;
        int r;

        if (dir_fd < 0)
                return -errno;
        while ((r = is_said(dir_fd, name)) == 0) {
                if (now_monotonic() >= end)
                        return -ETIMEDOUT;
                (void) poll(NULL, 0, PAUSE_MSEC);
        }
        return r < 0 ? r : 0;
}
