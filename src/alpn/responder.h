/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Takes connections from the sockets that it is handed, and has each of them do its handshake. */

#include <systemd/sd-event.h>

#include "base/macro.h"

/* Sockets that PID 1 hands over: one for each Listen= address. */
#define RESPONDER_SOCKETS_MAX 16U

typedef struct Responder Responder;

/* fds: n listening stream sockets, borrowed; n at most RESPONDER_SOCKETS_MAX. directory_fd: where a
 * file for each server name is, borrowed. Return: 0, -errno. */
int responder_new(sd_event *event, const int *fds, size_t n, int directory_fd, Responder **ret);
void responder_free(Responder *responder);
DEFINE_CLEANUP(Responder *, responder_free);
