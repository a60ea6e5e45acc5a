/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looked up anew each time, by the resolver of this machine. Nothing of it is believed beyond what
 * a lookup is for: who lies here has a record published elsewhere, with a value that proves nothing
 * to anybody there. */

#include "publisher/place.h"

#include <netdb.h>
#include <strings.h>

#include "acme/identifier.h"

static int fail_lookup(const char *what, const char *name, int error, const DnsMessage *m)
{
        if (error == -EIO)
                return report(PUBLISH_E_FAILED,
                              "Failed to look up %s of %s: no server of /etc/resolv.conf answers",
                              what,
                              name);
        if (error < 0)
                return report(PUBLISH_E_FAILED,
                              "Failed to look up %s of %s: the answer makes no sense",
                              what,
                              name);
        return report(PUBLISH_E_FAILED,
                      "Failed to look up %s of %s: the resolver answers with the error %i",
                      what,
                      name,
                      dns_message_code(m));
}

/* Return: 0 for an answer, also "there is none"; PUBLISH_E_FAILED; -errno. */
static int look_up(const char *what, const char *name, ns_type type, DnsMessage *m)
{
        int r;

        r = dns_resolve(name, type, m);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return fail_lookup(what, name, r, m);
        if (dns_message_code(m) != ns_r_noerror && dns_message_code(m) != ns_r_nxdomain)
                return fail_lookup(what, name, 0, m);
        return 0;
}

int place_find_name(const char *label, const char *identifier, char **ret)
{
        _cleanup_free_ DnsMessage *m = calloc(1, sizeof(*m));
        _cleanup_free_ char *name = NULL;

        if (!m || asprintf(&name, "%s%s", label, identifier) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        for (unsigned i = 0; i <= PLACE_CNAMES_MAX; i++) {
                char *target = NULL;
                int r;

                r = look_up("the CNAME", name, ns_t_cname, m);
                if (r == 0)
                        r = dns_message_cname(m, name, &target);
                if (r == -EBADMSG)
                        return fail_lookup("the CNAME", name, r, m);
                if (r == 0 && acme_dns_name_is_valid(name)) {
                        *ret = TAKE_PTR(name);
                        return 0;
                }
                if (r != 1)
                        return r;
                free(name);
                name = target;
        }
        return report(PUBLISH_E_REFUSED,
                      "The CNAMEs of %s%s lead through more than %u names, or in a circle",
                      label,
                      identifier,
                      PLACE_CNAMES_MAX);
}

/* RFC 2308: a server that has no such name says which zone it looked in. Where a resolver drops
 * that, the names above are asked, too. */
static int find_zone(Place *place)
{
        _cleanup_free_ DnsMessage *m = calloc(1, sizeof(*m));

        if (!m)
                return -ENOMEM;
        for (const char *name = place->name; name; name = strchr(name, '.')) {
                int r;

                name += *name == '.';
                r = look_up("the zone", name, ns_t_soa, m);
                if (r == 0)
                        r = dns_message_zone(m, name, &place->zone);
                if (r == -EBADMSG)
                        return fail_lookup("the zone", name, r, m);
                if (r != 0)
                        return r == 1 ? 0 : r;
        }
        return report(PUBLISH_E_REFUSED,
                      "No zone is found for %s: no server knows an SOA record above it",
                      place->name);
}

/* Return: 0, also when the name has no address. */
static int add_addresses(Place *place, const char *name)
{
        static const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
                                              .ai_flags = AI_NUMERICSERV};
        struct addrinfo *list = NULL;
        int r = 0;

        if (getaddrinfo(name, "53", &hints, &list) != 0)
                return 0;
        for (struct addrinfo *a = list; a && place->n_servers < PLACE_SERVERS_MAX; a = a->ai_next) {
                DnsServer *server = &place->servers[place->n_servers];

                if (a->ai_addrlen > sizeof(server->address))
                        continue;
                memcpy(&server->address, a->ai_addr, a->ai_addrlen);
                server->length = a->ai_addrlen;
                server->name = strdup(name);
                if (!server->name) {
                        r = -ENOMEM;
                        break;
                }
                place->n_servers++;
        }
        freeaddrinfo(list);
        return r;
}

int place_find_servers(Place *place)
{
        _cleanup_free_ DnsMessage *m = calloc(1, sizeof(*m));
        _cleanup_strv_free_ char **names = NULL;
        int r;

        if (!m)
                return -ENOMEM;
        r = look_up("the name servers", place->zone, ns_t_ns, m);
        if (r == 0)
                r = dns_message_servers(m, place->zone, &names);
        if (r == -EBADMSG)
                return fail_lookup("the name servers", place->zone, r, m);
        STRV_FOREACH (name, names)
                if (r == 0)
                        r = add_addresses(place, *name);
        if (r == 0 && place->n_servers == 0)
                return report(PUBLISH_E_FAILED,
                              "No name server of the zone %s has an address that can be looked up",
                              place->zone);
        return r;
}

int place_find(const char *label, const char *identifier, Place *ret)
{
        int r;

        r = place_find_name(label, identifier, &ret->name);
        if (r == 0)
                r = find_zone(ret);
        return r;
}

void place_done(Place *place)
{
        free(place->name);
        free(place->zone);
        for (size_t i = 0; i < place->n_servers; i++)
                free(place->servers[i].name);
        *place = (Place){};
}
