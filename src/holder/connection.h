/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A TCP connection on which nothing lasts longer than its deadline. */

#include <sys/socket.h>

#include "base/time-util.h"

typedef struct Connection {
        int fd;               /* does not block */
        usec_t deadline_usec; /* monotonic; for everything on it together */
} Connection;

/* Return: 0; -ETIMEDOUT; -errno (ECONNREFUSED, EHOSTUNREACH, …). */
int connection_open(const struct sockaddr *address,
                    socklen_t length,
                    usec_t deadline_usec,
                    Connection *ret);
void connection_close(Connection *connection);

/* Waits for these events of poll(2). Return: 0; -ETIMEDOUT; -errno. */
int connection_wait(const Connection *connection, short events);

/* What has come, up to size. Return: its length; 0: the peer has ended; -ETIMEDOUT; -errno. */
ssize_t connection_read(const Connection *connection, void *buffer, size_t size);

/* All of it. Return: 0; -ETIMEDOUT; -errno. */
int connection_write(const Connection *connection, const void *data, size_t length);
