/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-listener: has PID 1 listen on the web root's addresses, when the first lease begins.
 * acme-listener --close: has it stop again, when the last one has ended or the first was killed.
 *
 * It runs as uid 0 because that is whom PID 1 makes units for, and has no capability, no network
 * and no file to write.
 *
 * Where others have the port there is nothing to open: then their web server has to serve the
 * tokens, and the client will see whether it does. */

#include "base/audit.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "listener/manager.h"

/* For the whole search; a try takes milliseconds. TimeoutStartSec= of the unit is longer. */
#define SEARCH_USEC (20 * USEC_PER_SEC)

/* Is there where the kernel has IPv6, in every network namespace. */
#define IPV6_PROOF "/proc/self/net/if_inet6"

#define ADDRESSES_TEXT_MAX (CONFIG_LISTEN_MAX * LISTEN_ADDRESS_MAX)

/* The addresses that the kernel can have at all: without IPv6 the rest is what is wanted.
 * Return: how many. */
static size_t usable_addresses(const Config *config, ListenAddress ret[static CONFIG_LISTEN_MAX])
{
        bool has_ipv6 = access(IPV6_PROOF, F_OK) == 0;
        size_t n = 0;

        FOREACH_ARRAY (address, config->listen, config->n_listen) {
                if (address->sa.sa_family == AF_INET6 && !has_ipv6) {
                        log_info("This kernel has no IPv6, so not listening on %s",
                                 listen_address_format(address, (char[LISTEN_ADDRESS_MAX]){}));
                        continue;
                }
                ret[n++] = *address;
        }
        return n;
}

/* Those that are bound, or those that are not, with a blank between them. Return: buffer. */
static const char *format_addresses(const ListenAddress *addresses,
                                    size_t n,
                                    const bool *bound,
                                    bool wanted,
                                    char buffer[static ADDRESSES_TEXT_MAX])
{
        size_t used = 0;

        buffer[0] = 0;
        for (size_t i = 0; i < n; i++)
                if (bound[i] == wanted)
                        used += (size_t) sprintf(
                                        buffer + used,
                                        used ? " %s" : "%s",
                                        listen_address_format(&addresses[i],
                                                              (char[LISTEN_ADDRESS_MAX]){}));
        return buffer;
}

static void report(const char *listen, const char *foreign)
{
        char message[ADDRESSES_TEXT_MAX + 256];

        if (*listen) {
                snprintf(message, sizeof(message), "Listening on %s", listen);
                audit(AUDIT_PORT_OPENED, message, {AUDIT_ADDRESS, listen});
        }
        if (*foreign) {
                snprintf(message,
                         sizeof(message),
                         "Cannot listen on %s: another program does, or it is no address of this "
                         "machine (see journalctl -u " WEBROOT_SOCKET_UNIT "). The web server "
                         "there has to serve the tokens",
                         foreign);
                audit(AUDIT_PORT_FOREIGN, message, {AUDIT_ADDRESS, foreign});
        }
}

static int open_port(Manager *manager, const Config *config)
{
        char listen[ADDRESSES_TEXT_MAX], foreign[ADDRESSES_TEXT_MAX];
        ListenAddress addresses[CONFIG_LISTEN_MAX];
        bool bound[CONFIG_LISTEN_MAX];
        size_t n = usable_addresses(config, addresses);
        int r;

        r = listen_search(addresses, n, manager_listen, manager, bound);
        if (r < 0)
                return r;
        format_addresses(addresses, n, bound, true, listen);
        report(listen, format_addresses(addresses, n, bound, false, foreign));
        return 0;
}

static int close_port(Manager *manager)
{
        _cleanup_free_ char *listen = NULL, *message = NULL;
        int r;

        r = manager_close(manager, &listen);
        if (r <= 0)
                return r;
        if (asprintf(&message, "The last lease has ended: closed %s", listen) < 0)
                return -ENOMEM;
        audit(AUDIT_PORT_CLOSED, message, {AUDIT_ADDRESS, listen});
        return 0;
}

int main(int argc, char *argv[])
{
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(config_error_done) ConfigError error = {};
        bool is_close = argc == 2 && streq(argv[1], "--close");
        int r = 0;

        log_open("acme-listener");
        if (argc != 1 && !is_close) {
                log_error("Called with a wrong command line; it is \"acme-listener\" or "
                          "\"acme-listener --close\"");
                return EXIT_BUG;
        }
        if (!is_close)
                r = config_load(NULL, "", &config, &error);
        if (r == CONFIG_E_INVALID) {
                log_error("%s", error.message);
                return EXIT_CONFIGURATION;
        }
        if (r < 0)
                return log_oom(), EXIT_BUG;
        r = manager_new(now_monotonic() + SEARCH_USEC, &manager);
        if (r < 0)
                log_error_errno(r, "Failed to reach PID 1 on the system bus");
        else
                r = is_close ? close_port(manager) : open_port(manager, config);
        return r < 0 ? EXIT_BUG : EXIT_DONE;
}
