/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When it is certain where a unit serves TLS, and when not. */

#include <arpa/inet.h>

#include "verify/discovery.h"

#include "base/test.h"

typedef struct Socket {
        const char *unit; /* NULL: the end */
        uint16_t port;
        const char *address;
} Socket;

#define NGINX "nginx.service"
#define OTHER "other.service"

static void fill(const Socket *sockets, Listeners *listeners)
{
        listeners->n = 0;
        for (; sockets->unit; sockets++) {
                Listener *l = listeners->items + listeners->n++;
                int family = strchr(sockets->address, ':') ? AF_INET6 : AF_INET;

                *l = (Listener){.port = sockets->port, .unit = (char *) sockets->unit};
                l->holder.family = family;
                l->holder.is_v6_only = true;
                assert_int_equal(inet_pton(family, sockets->address, &l->holder.address), 1);
                if (streq(sockets->unit, "?"))
                        l->unit = NULL;
        }
}

static void test_discover__table(void **state)
{
        static const struct {
                const char *name;
                Socket sockets[5];
                int outcome;
                const char *addresses;
        } rows[] = {
                        {"nobody", {}, DISCOVERY_E_NOTHING, ""},
                        {"another unit", {{OTHER, 443, "0.0.0.0"}}, DISCOVERY_E_NOTHING, ""},
                        {"IPv4", {{NGINX, 443, "0.0.0.0"}}, 0, "127.0.0.1 "},
                        {"both families",
                         {{NGINX, 443, "0.0.0.0"}, {NGINX, 443, "::"}},
                         0,
                         "127.0.0.1 [::1] "},
                        {"several workers",
                         {{NGINX, 443, "0.0.0.0"}, {NGINX, 443, "0.0.0.0"}},
                         0,
                         "127.0.0.1 "},
                        {"one address each",
                         {{NGINX, 443, "192.0.2.1"}, {NGINX, 443, "2001:db8::1"}},
                         0,
                         "192.0.2.1 [2001:db8::1] "},
                        {"beside another port of another unit",
                         {{OTHER, 993, "0.0.0.0"}, {NGINX, 443, "0.0.0.0"}},
                         0,
                         "127.0.0.1 "},
                        {"two ports",
                         {{NGINX, 443, "0.0.0.0"}, {NGINX, 8443, "0.0.0.0"}},
                         DISCOVERY_E_SEVERAL,
                         ""},
                        {"two addresses",
                         {{NGINX, 443, "192.0.2.1"}, {NGINX, 443, "192.0.2.2"}},
                         DISCOVERY_E_SEVERAL,
                         ""},
                        {"shared with another unit",
                         {{NGINX, 443, "0.0.0.0"}, {OTHER, 443, "127.0.0.1"}},
                         DISCOVERY_E_SEVERAL,
                         ""},
                        {"shared with nobody knows whom",
                         {{NGINX, 443, "0.0.0.0"}, {"?", 443, "127.0.0.1"}},
                         DISCOVERY_E_SEVERAL,
                         ""},
        };
        Listeners *listeners = calloc(1, sizeof(Listeners));

        (void) state;
        assert_non_null(listeners);
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                Discovery d = {};
                char found[256] = "";

                fill(row->sockets, listeners);
                assert_row(row->name, discover(listeners, NGINX, &d) == row->outcome);
                for (size_t i = 0; i < d.n; i++) {
                        strcat(found, d.addresses[i]);
                        strcat(found, " ");
                }
                assert_row(row->name, streq(found, row->addresses));
        }
        free(listeners);
}

static void test_port_is_implicit_tls__table(void **state)
{
        static const uint16_t yes[] = {443, 465, 636, 853, 993, 995, 5061, 6697, 8443};
        static const uint16_t no[] = {0, 25, 80, 110, 143, 389, 587, 3306, 5222, 5432, 8080};

        (void) state;
        FOREACH_ARRAY (p, yes, ELEMENTSOF(yes))
                assert_true(port_is_implicit_tls(*p));
        FOREACH_ARRAY (p, no, ELEMENTSOF(no))
                assert_false(port_is_implicit_tls(*p));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_discover__table),
                        cmocka_unit_test(test_port_is_implicit_tls__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
