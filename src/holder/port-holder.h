/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who listens on a TCP port of this machine: by sock_diag(7), which needs no privilege. */

#include <linux/netlink.h>
#include <netinet/in.h>

#include "base/macro.h"

/* Sockets listening on one port; a machine with a thousand addresses is not asked about them all.
 */
#define PORT_HOLDERS_MAX 64U

typedef struct PortHolder {
        int family; /* AF_INET, AF_INET6 */
        union {
                struct in_addr in;
                struct in6_addr in6;
        } address;
        bool is_v6_only;    /* AF_INET6 */
        uint64_t cgroup_id; /* of who made the socket; 0: not known */
} PortHolder;

/* Return: 0, *ret_n at most PORT_HOLDERS_MAX; -errno, of a kernel without sock_diag as well. */
int port_holders_find(uint16_t port, PortHolder ret[static PORT_HOLDERS_MAX], size_t *ret_n);

/* One message of the kernel's answer. Return: 0; -EBADMSG when it is not about a socket that
 * listens. */
int port_holder_parse(const struct nlmsghdr *message, PortHolder *ret);

/* Any address of its family; reachable from this machine only. */
bool port_holder_is_wildcard(const PortHolder *holder);
bool port_holder_is_loopback(const PortHolder *holder);

/* The unit below which the socket was made: "nginx.service"; NULL in *ret when it cannot be found.
 * Return: 0, -ENOMEM. */
int port_holder_unit(const PortHolder *holder, char **ret);

/* The unit's name inside a path of the cgroup tree: the last component that is one.
 * Return: 0, *ret is NULL without one; -ENOMEM. */
int unit_from_cgroup_path(const char *path, char **ret);
