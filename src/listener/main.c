/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-listener: has PID 1 listen on the web root's addresses, when the first lease begins; with
 * "alpn", on those of the responder of tls-alpn-01.
 * acme-listener --close INSTANCE: has it stop again, when the last one has ended or the first was
 * killed; a unit of its own, acme-listener-close@.service, whose instance begins with "alpn" for
 * that.
 *
 * It runs as uid 0 because that is whom PID 1 makes units for, and has no capability, no network
 * and no file to write.
 *
 * Where others have the port there is nothing to open: then their web server has to serve the
 * tokens, and the client will see whether it does. */

#include "base/audit.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "listener/directory-unit.h"
#include "listener/port-socket.h"

/* For the whole search; a try takes milliseconds. TimeoutStartSec= of the unit is longer. */
#define SEARCH_USEC (20 * USEC_PER_SEC)

/* Is there where the kernel has IPv6, in every network namespace. */
#define IPV6_PROOF "/proc/self/net/if_inet6"

/* Stands for tls-alpn-01 on the command line. */
#define FOR_ALPN "alpn"

/* What there is to listen for: one row for each type of challenge that is looked at by a port. */
typedef struct Port {
        const char *listener_unit, *socket_unit;
        const char *foreign; /* what follows when others have an address */
        bool has_directory;  /* tokens are files, which another server may want elsewhere */
} Port;

static const Port webroot_port = {
                "acme-listener.service",
                "acme-webroot.socket",
                "The web server there has to serve the tokens",
                true,
};
static const Port alpn_port = {
                "acme-listener-alpn.service",
                "acme-alpn.socket",
                "No challenge of type tls-alpn-01 can be answered there, unless it is handed on",
                false,
};

/* Where tokens are in any case; another one has to be made. */
#define TOKEN_DIRECTORY "/run/acme/challenges"

#define ADDRESSES_TEXT_MAX (CONFIG_LISTEN_MAX * LISTEN_ADDRESS_MAX)

/* The addresses that the kernel can have at all: without IPv6 the rest is what is wanted.
 * Return: how many. */
static size_t usable_addresses(const Config *config,
                               const Port *port,
                               ListenAddress ret[static CONFIG_LISTEN_MAX])
{
        bool has_ipv6 = access(IPV6_PROOF, F_OK) == 0, is_alpn = port == &alpn_port;
        const ListenAddress *list = is_alpn ? config->alpn_listen : config->listen;
        size_t n = 0;

        FOREACH_ARRAY (address, list, is_alpn ? config->n_alpn_listen : config->n_listen) {
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

static void report(const Port *port, const char *listen, const char *foreign)
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
                         "machine (see journalctl -u %s). %s",
                         foreign,
                         port->socket_unit,
                         port->foreign);
                audit(AUDIT_PORT_FOREIGN, message, {AUDIT_ADDRESS, foreign});
        }
}

/* Nothing that goes wrong here keeps us from listening; the client is told by the challenge room.
 */
static int make_directory(Manager *manager, const char *path)
{
        if (!streq(path, TOKEN_DIRECTORY))
                return directory_unit_make(manager, path);
        if (directory_unit_is_needed())
                (void) directory_unit_remove(manager, path);
        return 0;
}

static int open_port(Manager *manager, const Port *port, const Config *config)
{
        char listen[ADDRESSES_TEXT_MAX], foreign[ADDRESSES_TEXT_MAX];
        ListenAddress addresses[CONFIG_LISTEN_MAX];
        bool bound[CONFIG_LISTEN_MAX];
        size_t n = usable_addresses(config, port, addresses);
        PortSocket socket = {
                        .unit = port->socket_unit,
                        .manager = manager,
                        .is_prolonged = config->firewall_mode == FIREWALL_SET,
        };
        int r;

        r = port->has_directory ? make_directory(manager, config->webroot_directory) : 0;
        if (r < 0)
                return r;
        r = listen_search(addresses, n, port_socket_listen, &socket, bound);
        if (r < 0)
                return r;
        format_addresses(addresses, n, bound, true, listen);
        report(port, listen, format_addresses(addresses, n, bound, false, foreign));
        return 0;
}

/* A lease that begins waits for the close; but this may be a second try, after one that was killed.
 */
static bool has_begun_anew(Manager *manager, const Port *port)
{
        _cleanup_free_ char *state = NULL;

        return manager_get_string(manager, port->listener_unit, "Unit.ActiveState", &state) == 0 &&
               (streq(state, "active") || streq(state, "activating"));
}

/* The configuration is asked only where there is something: without a valid one the port is closed
 * all the same. */
static int remove_directory(Manager *manager)
{
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(config_error_done) ConfigError error = {};
        int r;

        if (!directory_unit_is_needed())
                return 0;
        r = config_load(NULL, "", &config, &error);
        if (r == CONFIG_E_INVALID) {
                log_error("The directory of another web server stays for now: %s", error.message);
                return -EINVAL;
        }
        return r < 0 ? r : directory_unit_remove(manager, config->webroot_directory);
}

static int close_port(Manager *manager, const Port *port)
{
        _cleanup_free_ char *listen = NULL, *message = NULL;
        int r, k;

        if (has_begun_anew(manager, port))
                return 0;
        r = port_socket_close(manager, port->socket_unit, &listen);
        k = port->has_directory ? remove_directory(manager) : 0;
        if (r <= 0)
                return r < 0 ? r : k;
        if (asprintf(&message, "The last lease has ended: closed %s", listen) < 0)
                return -ENOMEM;
        audit(AUDIT_PORT_CLOSED, message, {AUDIT_ADDRESS, listen});
        return k;
}

int main(int argc, char *argv[])
{
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(config_error_done) ConfigError error = {};
        bool is_close = argc >= 2 && argc <= 3 && streq(argv[1], "--close");
        bool is_alpn = argc > 1 && startswith(argv[argc - 1], FOR_ALPN);
        const Port *port = is_alpn ? &alpn_port : &webroot_port;
        int r = 0;

        log_open("acme-listener");
        if (argc != 1 + is_alpn && !is_close) {
                log_error("Called with a wrong command line; it is \"acme-listener [" FOR_ALPN
                          "]\" or \"acme-listener --close [INSTANCE]\"");
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
        r = manager_new(&manager);
        if (r < 0)
                return log_error_errno(r, "Failed to reach PID 1 on the system bus"), EXIT_BUG;
        manager_set_deadline(manager, now_monotonic() + SEARCH_USEC);
        r = is_close ? close_port(manager, port) : open_port(manager, port, config);
        return r < 0 ? EXIT_BUG : EXIT_DONE;
}
