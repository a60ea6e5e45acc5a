/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where this machine answers on a port: an address for each socket that a CA could reach. */

#include "holder/port-holder.h"

/* Two for each holder at most: an IPv6 socket may serve IPv4 as well. */
#define TARGETS_MAX (2 * PORT_HOLDERS_MAX)

typedef struct Target {
        char address[INET6_ADDRSTRLEN + 2]; /* in brackets when IPv6 */
        const PortHolder *holder;           /* borrowed */
} Target;

/* Each address once: the loopback for one that listens on all addresses. Who listens on the
 * loopback alone is left out, unless there is nobody else. Return: how many. */
size_t targets_find(const PortHolder *holders, size_t n_holders, Target ret[static TARGETS_MAX]);
