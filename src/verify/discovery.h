/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a unit serves TLS, when the configuration does not say. Only what is certain is found: a
 * port that is for TLS from its first byte, of this unit alone. */

#include "holder/target.h"

/* On all well-known TLS ports of a machine together; more are not looked at. */
#define LISTENERS_MAX 256U

typedef struct Listener {
        uint16_t port;
        PortHolder holder;
        char *unit; /* NULL: not known */
} Listener;

typedef struct Listeners {
        Listener items[LISTENERS_MAX];
        size_t n;
} Listeners;
void listeners_done(Listeners *listeners);

/* Asks the kernel. Return: 0; -ENOMEM; -errno when it does not tell. */
int listeners_find(Listeners *ret);

/* Is TLS spoken on this port from the first byte, by its registration? */
bool port_is_implicit_tls(uint16_t port);

/* One address for each family. */
#define DISCOVERY_ADDRESSES_MAX 2U

typedef struct Discovery {
        uint16_t port;
        char addresses[DISCOVERY_ADDRESSES_MAX][INET6_ADDRSTRLEN + 2]; /* in brackets when IPv6 */
        size_t n;
} Discovery;

/* Return: 0; DISCOVERY_E_NOTHING; DISCOVERY_E_SEVERAL: several ports or addresses of the unit, or
 * another unit that shares its port. */
enum {
        DISCOVERY_E_NOTHING = 1,
        DISCOVERY_E_SEVERAL = 2,
};
int discover(const Listeners *listeners, const char *unit, Discovery *ret);
