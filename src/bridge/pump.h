/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bytes to and fro, unread. */

/* Carries what comes from in_fd to socket_fd, and what comes from there to out_fd, until the socket
 * has nothing more to say; the end of one direction is passed on, and the other one goes on. in_fd
 * and out_fd may be the same. All three are made non-blocking. Return: 0; -errno. */
int pump(int in_fd, int out_fd, int socket_fd);
