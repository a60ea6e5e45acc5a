/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "acme/server-name.h"

static void test_acme_server_name__identifiers(void **state _unused_)
{
        static const struct {
                const char *identifier, *name; /* NULL: there is none */
        } cases[] = {
                        {"www.example.org", "www.example.org"},
                        {"WWW.Example.ORG", "www.example.org"},
                        {"xn--nxasmq6b.example", "xn--nxasmq6b.example"},
                        {"*.example.org", NULL},
                        {"", NULL},
                        {".", NULL},
                        {"..", NULL},
                        {".hidden", NULL},
                        {"a..b", NULL},
                        {"a.", NULL},
                        {"../../etc/passwd", NULL},
                        {"a/b", NULL},
                        {"a b", NULL},
                        /* RFC 8738 section 6, and its example of IPv6. */
                        {"192.0.2.1", "1.2.0.192.in-addr.arpa"},
                        {"2001:db8::1",
                         "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6."
                         "arpa"},
        };

        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                _cleanup_free_ char *name = NULL;

                assert_int_equal(acme_server_name(c->identifier, &name), c->name ? 0 : -EINVAL);
                if (!c->name)
                        continue;
                assert_string_equal(name, c->name);
                assert_true(acme_server_name_is_valid(name));
        }
}

static void test_acme_server_name_is_valid__length(void **state _unused_)
{
        char name[SERVER_NAME_BYTES_MAX + 2];

        memset(name, 'a', sizeof(name));
        name[SERVER_NAME_BYTES_MAX + 1] = '\0';
        assert_false(acme_server_name_is_valid(name));
        name[SERVER_NAME_BYTES_MAX] = '\0';
        assert_true(acme_server_name_is_valid(name));
        assert_false(acme_server_name_is_valid("Upper.example"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_acme_server_name__identifiers),
                        cmocka_unit_test(test_acme_server_name_is_valid__length),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
