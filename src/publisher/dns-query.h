/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One question to a DNS server. */

#include <sys/socket.h>

#include "publisher/dns-message.h"

/* A server that is asked for one record answers in milliseconds, or is far away, or is not there.
 */
#define DNS_QUERY_USEC (2 * 1000 * 1000ULL)

/* To the servers of /etc/resolv.conf, which look it up. Return: 0, whatever the RCODE; -EBADMSG;
 * -EIO nobody answers. */
int dns_resolve(const char *name, ns_type type, DnsMessage *ret);

typedef struct DnsServer {
        char *name;                      /* NS record's */
        struct sockaddr_storage address; /* with the port */
        socklen_t length;
} DnsServer;

/* To this server, for what it has itself. Return: 0, whatever the RCODE; -EBADMSG; -ETIMEDOUT;
 * -ENETUNREACH and the like; -errno. */
int dns_ask(const DnsServer *server, const char *name, ns_type type, DnsMessage *ret);
