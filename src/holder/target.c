/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From sockets to addresses to ask at. A CA comes over IPv4 or IPv6, to whichever address DNS
 * gives: every socket that could be the one is asked, so that a server that holds IPv4 alone is
 * told apart from one that holds both. */

#include "holder/target.h"

#include <arpa/inet.h>

static void
add(Target *targets, size_t *n, int family, const void *address, const PortHolder *holder)
{
        char text[INET6_ADDRSTRLEN];
        Target *t = targets + *n;

        if (!inet_ntop(family, address, text, sizeof(text)))
                return;
        (void) snprintf(t->address, sizeof(t->address), family == AF_INET6 ? "[%s]" : "%s", text);
        for (size_t i = 0; i < *n; i++)
                if (streq(targets[i].address, t->address))
                        return;
        t->holder = holder;
        (*n)++;
}

size_t targets_find(const PortHolder *holders, size_t n_holders, Target ret[static TARGETS_MAX])
{
        const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
        bool has_public = false;
        size_t n = 0;

        FOREACH_ARRAY (h, holders, n_holders)
                has_public = has_public || !port_holder_is_loopback(h);
        FOREACH_ARRAY (h, holders, n_holders) {
                if (has_public && port_holder_is_loopback(h))
                        continue;
                if (!port_holder_is_wildcard(h)) {
                        add(ret, &n, h->family, &h->address, h);
                        continue;
                }
                if (h->family == AF_INET6)
                        add(ret, &n, AF_INET6, &in6addr_loopback, h);
                if (h->family == AF_INET || !h->is_v6_only)
                        add(ret, &n, AF_INET, &loopback, h);
        }
        return n;
}
