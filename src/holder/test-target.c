/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who listens on a port, and where to ask. */

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include "holder/target.h"

#include "base/test.h"

static PortHolder holder(int family, const char *address, bool is_v6_only)
{
        PortHolder h = {.family = family, .is_v6_only = is_v6_only};

        assert_int_equal(inet_pton(family, address, &h.address), 1);
        return h;
}

static void test_targets_find__table(void **state)
{
        const PortHolder any4 = holder(AF_INET, "0.0.0.0", false);
        const PortHolder any6 = holder(AF_INET6, "::", true);
        const PortHolder both = holder(AF_INET6, "::", false);
        const PortHolder loop4 = holder(AF_INET, "127.0.0.53", false);
        const PortHolder loop6 = holder(AF_INET6, "::1", true);
        const PortHolder one4 = holder(AF_INET, "192.0.2.1", false);
        const PortHolder one6 = holder(AF_INET6, "2001:db8::1", true);
        const struct {
                const char *name;
                PortHolder holders[3];
                size_t n;
                const char *wanted;
        } rows[] = {
                        {"nobody", {}, 0, ""},
                        {"our two sockets", {any4, any6}, 2, "127.0.0.1 [::1] "},
                        {"IPv4 alone", {any4}, 1, "127.0.0.1 "},
                        {"IPv6 alone", {any6}, 1, "[::1] "},
                        {"one socket for both", {both}, 1, "[::1] 127.0.0.1 "},
                        {"several workers of one server", {any4, any4, any4}, 3, "127.0.0.1 "},
                        {"addresses", {one4, one6}, 2, "192.0.2.1 [2001:db8::1] "},
                        {"a resolver on the loopback", {loop4, any6}, 2, "[::1] "},
                        {"the loopback alone", {loop4, loop6}, 2, "127.0.0.53 [::1] "},
        };

        (void) state;
        FOREACH_ARRAY (r, rows, ELEMENTSOF(rows)) {
                Target targets[TARGETS_MAX];
                char found[256] = "";
                size_t n = targets_find(r->holders, r->n, targets);

                for (size_t i = 0; i < n; i++) {
                        strcat(found, targets[i].address);
                        strcat(found, " ");
                }
                assert_row(r->name, streq(found, r->wanted));
        }
}

typedef struct Message {
        struct nlmsghdr header;
        struct inet_diag_msg diag;
        struct rtattr v6_only_header;
        uint32_t v6_only;
        struct rtattr cgroup_header;
        uint8_t cgroup[8];
} Message;

static Message message(void)
{
        const uint64_t cgroup = 4711;
        Message m = {
                        .header = {.nlmsg_len = sizeof(Message), .nlmsg_type = SOCK_DIAG_BY_FAMILY},
                        .diag = {.idiag_family = AF_INET6, .idiag_state = 10},
                        .v6_only_header = {.rta_len = RTA_LENGTH(1),
                                           .rta_type = INET_DIAG_SKV6ONLY},
                        .v6_only = htole32(1),
                        .cgroup_header = {.rta_len = RTA_LENGTH(8), .rta_type = 21},
        };

        memcpy(m.cgroup, &cgroup, sizeof(cgroup));
        return m;
}

static void test_port_holder_parse__attributes(void **state)
{
        const Message m = message();
        PortHolder h;

        (void) state;
        assert_int_equal(port_holder_parse(&m.header, &h), 0);
        assert_int_equal(h.family, AF_INET6);
        assert_true(port_holder_is_wildcard(&h));
        assert_true(h.is_v6_only);
        assert_true(h.cgroup_id == 4711);
}

static void test_port_holder_parse__short_or_strange(void **state)
{
        Message m = message();
        PortHolder h;

        (void) state;
        m.header.nlmsg_len = NLMSG_LENGTH(sizeof(m.diag)) - 1;
        assert_int_equal(port_holder_parse(&m.header, &h), -EBADMSG);
        m = message();
        m.diag.idiag_state = 1;
        assert_int_equal(port_holder_parse(&m.header, &h), -EBADMSG);
        m = message();
        m.diag.idiag_family = AF_UNIX;
        assert_int_equal(port_holder_parse(&m.header, &h), -EBADMSG);
        m = message();
        m.header.nlmsg_type = NLMSG_DONE;
        assert_int_equal(port_holder_parse(&m.header, &h), -EBADMSG);
        m = message();
        m.cgroup_header.rta_len = RTA_LENGTH(4);
        assert_int_equal(port_holder_parse(&m.header, &h), 0);
        assert_true(h.cgroup_id == 0);
        m.header.nlmsg_len = NLMSG_LENGTH(sizeof(m.diag)) + 3;
        assert_int_equal(port_holder_parse(&m.header, &h), 0);
        assert_false(h.is_v6_only);
}

/* The kernel itself, about a socket of ours on the loopback. */
static void test_port_holders_find__a_socket_of_ours(void **state)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        PortHolder holders[PORT_HOLDERS_MAX];
        socklen_t length = sizeof(address);
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        size_t n;

        (void) state;
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &length), 0);

        if (port_holders_find(ntohs(address.sin_port), holders, &n) < 0)
                skip(); /* a kernel without sock_diag */
        assert_int_equal(n, 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(port_holders_find(ntohs(address.sin_port), holders, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(holders[0].family, AF_INET);
        assert_true(port_holder_is_loopback(holders));
        assert_false(port_holder_is_wildcard(holders));
}

static void test_unit_from_cgroup_path__table(void **state)
{
        static const struct {
                const char *path, *unit;
        } rows[] = {
                        {"/system.slice/nginx.service", "nginx.service"},
                        {"/system.slice/system-x.slice/x@1.service/worker", "x@1.service"},
                        {"/user.slice/user-0.slice/session-1.scope", "session-1.scope"},
                        {"/user.slice/user-1.slice/user@1.service/app.slice/caddy.service",
                         "caddy.service"},
                        {"/init.scope", "init.scope"},
                        {"/system.slice", NULL},
                        {"/.service", NULL},
                        {"", NULL},
                        {"///", NULL},
        };

        (void) state;
        FOREACH_ARRAY (r, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *unit = NULL;

                assert_int_equal(unit_from_cgroup_path(r->path, &unit), 0);
                assert_row(r->path, streq_ptr(unit, r->unit));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_targets_find__table),
                        cmocka_unit_test(test_port_holder_parse__attributes),
                        cmocka_unit_test(test_port_holder_parse__short_or_strange),
                        cmocka_unit_test(test_port_holders_find__a_socket_of_ours),
                        cmocka_unit_test(test_unit_from_cgroup_path__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
