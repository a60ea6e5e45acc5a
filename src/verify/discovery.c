/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the sockets that listen to the one place where a unit serves TLS. */

#include "verify/discovery.h"

#include "base/log.h"

/* Ports on which TLS is spoken from the first byte. Those where it is a matter of configuration are
 * not here, but for 8443, where nobody expects anything else. */
static const uint16_t ports[] = {
                443,  /* https (RFC 9110 section 4.2.2) */
                465,  /* submissions (RFC 8314 section 7.3) */
                563,  /* nntps (RFC 4642 section 1) */
                636,  /* ldaps (as registered; every directory server's second port) */
                853,  /* domain-s, DNS over TLS (RFC 7858 section 3.1) */
                990,  /* ftps (RFC 4217 section 13 names it) */
                993,  /* imaps (RFC 8314 section 7.1) */
                995,  /* pop3s (RFC 8314 section 7.2) */
                5061, /* sips (RFC 3261 section 18.1.1) */
                5223, /* xmpp-client over TLS (XEP-0368; de facto) */
                5671, /* amqps (AMQP 1.0 section 5.2.1) */
                6514, /* syslog-tls (RFC 5425 section 4.1) */
                6697, /* ircs-u (RFC 7194 section 2) */
                8443, /* https on a host whose port 443 is taken; what it is registered for */
                8883, /* secure-mqtt (MQTT 5.0 section 4.2) */
};

bool port_is_implicit_tls(uint16_t port)
{
        FOREACH_ARRAY (p, ports, ELEMENTSOF(ports))
                if (*p == port)
                        return true;
        return false;
}

void listeners_done(Listeners *listeners)
{
        FOREACH_ARRAY (l, listeners->items, listeners->n)
                free(l->unit);
        listeners->n = 0;
}

/* The unit's name, from an earlier socket of the same control group if there is one: the search
 * goes through the whole tree. */
static int find_unit(const Listeners *listeners, Listener *listener)
{
        FOREACH_ARRAY (l, listeners->items, listeners->n)
                if (l->holder.cgroup_id == listener->holder.cgroup_id)
                        return free_and_strdup(&listener->unit, l->unit);
        return port_holder_unit(&listener->holder, &listener->unit);
}

static int find_on_port(uint16_t port, Listeners *listeners)
{
        PortHolder holders[PORT_HOLDERS_MAX];
        size_t n = 0;
        int r;

        r = port_holders_find(port, holders, &n);
        for (size_t i = 0; r == 0 && i < n && listeners->n < LISTENERS_MAX; i++) {
                Listener listener = {.port = port, .holder = holders[i]};

                r = find_unit(listeners, &listener);
                listeners->items[listeners->n++] = listener;
        }
        return r;
}

int listeners_find(Listeners *ret)
{
        int r;

        ret->n = 0;
        FOREACH_ARRAY (p, ports, ELEMENTSOF(ports)) {
                r = find_on_port(*p, ret);
                if (r < 0) {
                        listeners_done(ret);
                        return r;
                }
        }
        return 0;
}

/* Is the port the unit's alone? Where another unit has one of its addresses, who answers on the
 * loopback is not certain. */
static bool is_shared(const Listeners *listeners, const char *unit, uint16_t port)
{
        FOREACH_ARRAY (l, listeners->items, listeners->n)
                if (l->port == port && !streq_ptr(l->unit, unit))
                        return true;
        return false;
}

/* The unit's port. Return: 0; DISCOVERY_E_NOTHING; DISCOVERY_E_SEVERAL. */
static int find_port(const Listeners *listeners, const char *unit, uint16_t *ret)
{
        uint16_t port = 0;

        FOREACH_ARRAY (l, listeners->items, listeners->n) {
                if (!streq_ptr(l->unit, unit) || l->port == port)
                        continue;
                if (port != 0)
                        return DISCOVERY_E_SEVERAL;
                port = l->port;
        }
        if (port == 0)
                return DISCOVERY_E_NOTHING;
        *ret = port;
        return is_shared(listeners, unit, port) ? DISCOVERY_E_SEVERAL : 0;
}

int discover(const Listeners *listeners, const char *unit, Discovery *ret)
{
        PortHolder holders[PORT_HOLDERS_MAX];
        Target targets[TARGETS_MAX];
        Discovery found = {};
        size_t n = 0;
        int r;

        r = find_port(listeners, unit, &found.port);
        if (r != 0)
                return r;
        FOREACH_ARRAY (l, listeners->items, listeners->n)
                if (l->port == found.port && n < PORT_HOLDERS_MAX)
                        holders[n++] = l->holder;
        n = targets_find(holders, n, targets);
        for (size_t i = 0; i < n; i++) {
                for (size_t j = 0; j < i; j++)
                        if ((targets[i].address[0] == '[') == (targets[j].address[0] == '['))
                                return DISCOVERY_E_SEVERAL;
                memcpy(found.addresses[found.n++], targets[i].address, sizeof(targets[i].address));
        }
        if (found.n == 0)
                return DISCOVERY_E_NOTHING;
        *ret = found;
        return 0;
}
