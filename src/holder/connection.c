/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sockets that do not block, and poll() with what is left of the time. */

#include "holder/connection.h"

#include <netinet/in.h>
#include <poll.h>

int connection_wait(const Connection *connection, short events)
{
        struct pollfd p = {.fd = connection->fd, .events = events};

        for (;;) {
                usec_t now_usec = now_monotonic();
                int r;

                if (now_usec >= connection->deadline_usec)
                        return -ETIMEDOUT;
                r = poll(&p, 1, (int) ((connection->deadline_usec - now_usec) / USEC_PER_MSEC) + 1);
                if (r > 0)
                        return 0;
                if (r < 0 && errno != EINTR)
                        return -errno;
        }
}

static int finish_connect(const Connection *connection)
{
        socklen_t length = sizeof(int);
        int error = 0, r;

        r = connection_wait(connection, POLLOUT);
        if (r < 0)
                return r;
        if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
                return -errno;
        return -error;
}

int connection_open(const struct sockaddr *address,
                    socklen_t length,
                    usec_t deadline_usec,
                    Connection *ret)
{
        _cleanup_close_ int fd = -EBADF;
        Connection c;
        int r;

        fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
        if (fd < 0)
                return -errno;
        c = (Connection){.fd = fd, .deadline_usec = deadline_usec};
        if (connect(fd, address, length) < 0) {
                if (errno != EINPROGRESS)
                        return -errno;
                r = finish_connect(&c);
                if (r < 0)
                        return r;
        }
        *ret = c;
        (void) TAKE_FD(fd);
        return 0;
}

void connection_close(Connection *connection)
{
        closep(&connection->fd);
        connection->fd = -EBADF;
}

ssize_t connection_read(const Connection *connection, void *buffer, size_t size)
{
        for (;;) {
                ssize_t n;
                int r;

                r = connection_wait(connection, POLLIN);
                if (r < 0)
                        return r;
                n = recv(connection->fd, buffer, size, 0);
                if (n >= 0)
                        return n;
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
        }
}

int connection_write(const Connection *connection, const void *data, size_t length)
{
        const char *p = data;

        while (length > 0) {
                ssize_t n = send(connection->fd, p, length, MSG_NOSIGNAL);
                int r;

                if (n >= 0) {
                        p += n;
                        length -= (size_t) n;
                        continue;
                }
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
                r = connection_wait(connection, POLLOUT);
                if (r < 0)
                        return r;
        }
        return 0;
}
