/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The web root: takes connections from the sockets it was handed, and answers by reply.h. */

#include "base/macro.h"

/* Sockets that PID 1 hands over: one for each Listen= address. */
#define WEBROOT_SOCKETS_MAX 16U

typedef struct Webroot Webroot;

/* fds: n listening stream sockets, borrowed; n at most WEBROOT_SOCKETS_MAX. directory_fd: where the
 * tokens are, borrowed. Return: 0, -errno. */
int webroot_new(const int *fds, size_t n, int directory_fd, Webroot **ret);
void webroot_free(Webroot *webroot);
DEFINE_CLEANUP(Webroot *, webroot_free);

/* Serves until the process is told to end. Return: -errno. */
int webroot_serve(Webroot *webroot);
