/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* PID 1 on the system bus, and the one transient unit that we ask it for. */

#include "base/time-util.h"
#include "listener/search.h"

#define WEBROOT_SOCKET_UNIT "acme-webroot.socket"

typedef struct Manager Manager;

/* Return: 0; -ENOENT, -ECONNREFUSED: there is no system bus; -errno. */
int manager_new(usec_t deadline_monotonic_usec, Manager **ret);
void manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free);

/* A ListenFunction; userdata is the Manager. When this returns 0 the unit listens, and the packet
 * filter is open. Return: 0; LISTEN_E_BIND; -ETIMEDOUT; -errno. Failures but LISTEN_E_BIND are
 * logged. */
int manager_listen(const ListenAddress *addresses, size_t n, void *userdata);

/* Stops the unit. ret_listen: what it listened on, in words. Return: 0 there was none; 1;
 * -ETIMEDOUT; -errno. Failures are logged. */
int manager_close(Manager *manager, char **ret_listen);
