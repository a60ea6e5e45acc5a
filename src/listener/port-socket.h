/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A transient socket unit, all that the listener asks PID 1 for: acme-webroot.socket or
 * acme-alpn.socket. */

#include "listener/search.h"
#include "manager/manager.h"

#define PROLONG_TIMER_UNIT "acme-firewall-prolong.timer"

typedef struct PortSocket {
        const char *unit;
        Manager *manager;  /* borrowed */
        bool is_prolonged; /* the firewall's opening ends by itself: it wants PROLONG_TIMER_UNIT */
        bool is_listening; /* there is a unit of this search's to be stopped first */
} PortSocket;

/* A ListenFunction; userdata is the PortSocket. When this returns 0 the unit listens, and the
 * packet filter is open. Return: 0; LISTEN_E_BIND; -ETIMEDOUT; -errno. Failures but LISTEN_E_BIND
 * are logged. */
int port_socket_listen(const ListenAddress *addresses, size_t n, void *userdata);

/* Stops the unit. ret_listen: what it listened on, in words. Return: 0 there was none; 1;
 * -ETIMEDOUT; -errno. Failures are logged. */
int port_socket_close(Manager *manager, const char *unit, char **ret_listen);
