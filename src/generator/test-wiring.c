/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What PID 1 is told. */

#include <arpa/inet.h>

#include "base/test.h"
#include "generator/wiring.h"

#define FIREWALL_DROP_IN "acme-firewall@webroot.service.d/50-acme.conf"

static void add(Config *config, bool is_ipv6, const char *address, uint16_t port)
{
        ListenAddress *a = &config->listen[config->n_listen++];

        if (is_ipv6) {
                a->in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
                assert_int_equal(inet_pton(AF_INET6, address, &a->in6.sin6_addr), 1);
        } else {
                a->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
                assert_int_equal(inet_pton(AF_INET, address, &a->in.sin_addr), 1);
        }
}

static void assert_file(const TestDirectory *d, const char *name, const char *expected)
{
        _cleanup_free_ char *text = NULL;
        size_t length;

        assert_int_equal(file_read(d->fd, name, 4096, 0, &text, &length), 0);
        assert_string_equal(text, expected);
}

static void write_wiring(const TestDirectory *d, const Config *config, bool has_ipv6)
{
        int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(wiring_write(config, has_ipv6, fd), 0);
        close(fd);
}

static void test_wiring_write__both_families(void **state)
{
        const TestDirectory *d = *state;
        Config config = {.webroot_directory = (char *) "/run/acme/challenges"};

        add(&config, false, "0.0.0.0", 80);
        add(&config, true, "::", 80);
        write_wiring(d, &config, true);
        assert_file(d,
                    "acme-webroot.service.d/50-acme.conf",
                    "[Service]\nSockets=acme-webroot@0.0.0.0:80.socket "
                    "acme-webroot@\\\\x5b::\\\\x5d:80.socket\n");
        assert_file(d,
                    FIREWALL_DROP_IN,
                    "[Service]\nSockets=acme-webroot@0.0.0.0:80.socket "
                    "acme-webroot@\\\\x5b::\\\\x5d:80.socket\n"
                    "Environment=\"ACME_LISTEN=0.0.0.0:80 [::]:80\"\n");
        assert_int_equal(faccessat(d->fd, "acme-challenge@.service.d", F_OK, 0), -1);
}

static void test_wiring_write__a_kernel_without_ipv6(void **state)
{
        const TestDirectory *d = *state;
        Config config = {
                        .webroot_directory = (char *) "/run/acme/challenges",
                        .firewall_mode = FIREWALL_SET,
        };

        add(&config, true, "::", 80);
        add(&config, false, "192.0.2.1", 8080);
        write_wiring(d, &config, false);
        assert_file(d,
                    FIREWALL_DROP_IN,
                    "[Unit]\nWants=acme-firewall-prolong.timer\n"
                    "[Service]\nSockets=acme-webroot@192.0.2.1:8080.socket\n"
                    "Environment=\"ACME_LISTEN=192.0.2.1:8080\"\n");
}

static void test_wiring_write__a_directory_of_another_server(void **state)
{
        const TestDirectory *d = *state;
        Config config = {.webroot_directory = (char *) "/srv/a \"b\":50%\\'/acme"};

        write_wiring(d, &config, true);
        assert_file(d,
                    "acme-directory.service.d/50-acme.conf",
                    "[Service]\nEnvironment=\"ACME_DIRECTORY=/srv/a \\\"b\\\":50%%\\\\'/acme\"\n"
                    "BindPaths=\"-/srv/a \\\"b\\\":50%%\\\\'\":/run/acme/parent:norbind\n");
        assert_file(d,
                    "acme-challenge@.service.d/50-acme.conf",
                    "[Unit]\nWants=acme-directory.service\nAfter=acme-directory.service\n");
}

static void test_wiring_write__a_directory_below_the_root(void **state)
{
        const TestDirectory *d = *state;
        Config config = {.webroot_directory = (char *) "/acme"};

        write_wiring(d, &config, true);
        assert_file(d,
                    "acme-directory-remove@failed.service.d/50-acme.conf",
                    "[Service]\nEnvironment=\"ACME_DIRECTORY=/acme\"\n"
                    "BindPaths=\"-/\":/run/acme/parent:norbind\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_wiring_write__both_families),
                        cmocka_directory_test(test_wiring_write__a_kernel_without_ipv6),
                        cmocka_directory_test(test_wiring_write__a_directory_of_another_server),
                        cmocka_directory_test(test_wiring_write__a_directory_below_the_root),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
