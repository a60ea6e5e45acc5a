/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A lock file for each unit, below /run and root's. It has a TurnTimes inside as it is in memory:
 * it is written and read by this program alone, and gone with the next boot, as monotonic time is.
 */

#include "deploy/turn.h"

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

/* How often to look whether the turn has come; who waits, waits for a reload, or for many. */
#define LOOK_USEC (20 * USEC_PER_MSEC)

static int lock(int fd, usec_t deadline_usec)
{
        const struct timespec pause = {.tv_nsec = LOOK_USEC * 1000};

        while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return -errno;
                if (now_monotonic() >= deadline_usec)
                        return -ETIMEDOUT;
                nanosleep(&pause, NULL);
        }
        return 0;
}

int turn_take(const char *directory, const char *unit, usec_t deadline_monotonic_usec, Turn *ret)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        TurnTimes times = {};
        int r;

        if (asprintf(&path, "%s/%s", directory, unit) < 0)
                return -ENOMEM;
        fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = lock(fd, deadline_monotonic_usec);
        if (r < 0)
                return r;
        /* A new file, or half a write. */
        if (pread(fd, &times, sizeof(times), 0) != (ssize_t) sizeof(times))
                times = (TurnTimes){};
        *ret = (Turn){.fd = TAKE_FD(fd), .times = times};
        return 0;
}

int turn_save(const Turn *turn)
{
        ssize_t n = pwrite(turn->fd, &turn->times, sizeof(turn->times), 0);

        if (n < 0)
                return -errno;
        return n == (ssize_t) sizeof(turn->times) ? 0 : -EIO;
}

void turn_done(Turn *turn)
{
        closep(&turn->fd);
        turn->fd = -EBADF;
}
