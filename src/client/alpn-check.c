/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The look for tls-alpn-01. A certificate of our own is asked for at every socket that listens on
 * the port: our responder's, or a server's that was there before, which may hand such connections
 * on. What holds the port is told with what there is to choose from. */

#include "client/alpn-check.h"

#include "acme/server-name.h"
#include "base/audit.h"
#include "client/alpn-probe.h"
#include "client/patience.h"
#include "holder/target.h"

/* The last byte for a NUL. */
#define ADDRESS_TEXT_MAX (sizeof(((Target *) NULL)->address) + sizeof(":65535"))

static const char *describe(AlpnProbeResult result)
{
        switch (result) {
        case ALPN_PROBE_E_NO_PROTOCOL:
                return "does not answer for acme-tls/1";
        case ALPN_PROBE_E_OTHER:
                return "answers for acme-tls/1 with another certificate";
        default:
                return "accepts no connection";
        }
}

/* The unit that has the port, which is ours only when it has been started by our socket. */
static int fail(Client *c, unsigned port, AlpnProbeResult result, const Target *target)
{
        char message[256], address[ADDRESS_TEXT_MAX];
        _cleanup_free_ char *unit = NULL;

        if (port_holder_unit(target->holder, &unit) < 0)
                return -ENOMEM;
        (void) snprintf(address,
                        sizeof(address),
                        "%.*s:%u",
                        (int) sizeof(target->address),
                        target->address,
                        port);
        (void) snprintf(message,
                        sizeof(message),
                        "%s is served by others, without our certificates",
                        address);
        audit(AUDIT_PORT_FOREIGN, message, {AUDIT_ADDRESS, address}, {AUDIT_UNIT, unit});
        return failure_set(
                        &c->failure,
                        EXIT_CONFIGURATION,
                        "Port %u of %s is held by %s, which %s, so that names cannot be proved by "
                        "tls-alpn-01: free the port, let it hand connections for acme-tls/1 on to "
                        "the address of [ALPN] Listen=, or use another type of Challenge=, such "
                        "as http-01; see /usr/share/doc/acmeward/challenges/tls-alpn-01.md",
                        port,
                        target->address,
                        unit ? unit : "another program",
                        describe(result));
}

/* What the look is for. */
typedef struct Look {
        Client *client;
        const char *server_name, *certificate;
} Look;

static int look_at(const Look *look, unsigned port, const Target *target)
{
        AlpnProbeResult result;
        unsigned n = 0;
        int r;

        do
                r = alpn_probe(target->address,
                               port,
                               look->server_name,
                               look->certificate,
                               &result);
        while (r == 0 && (result == ALPN_PROBE_E_NO_PROTOCOL || result == ALPN_PROBE_E_OTHER) &&
               reload_pause(++n));
        if (r < 0 || result == ALPN_PROBE_RIGHT)
                return r;
        return fail(look->client, port, result, target);
}

static int check_port(const Look *look, unsigned port)
{
        PortHolder holders[PORT_HOLDERS_MAX];
        Target targets[TARGETS_MAX];
        size_t n_holders = 0, n;
        int r;

        r = port_holders_find((uint16_t) port, holders, &n_holders);
        if (r < 0) {
                holders[0] = (PortHolder){.family = AF_INET};
                n_holders = 1;
        }
        n = targets_find(holders, n_holders, targets);
        if (n == 0)
                return failure_set(&look->client->failure,
                                   EXIT_TRY_AGAIN,
                                   "Nothing listens on port %u, where a CA would look; if [ALPN] "
                                   "Listen= was changed, run \"systemctl daemon-reload\", and see "
                                   "journalctl -u \"acme-alpn@*.socket\"",
                                   port);
        for (size_t i = 0; i < n; i++) {
                r = look_at(look, port, targets + i);
                if (r != 0)
                        return r;
        }
        return 0;
}

int alpn_check(Client *c, const Lease *lease, const char *answer)
{
        _cleanup_free_ char *server_name = NULL;
        Look look = {.client = c, .certificate = answer};
        int r;

        r = acme_server_name(lease->identifier, &server_name);
        if (r < 0)
                return r;
        look.server_name = server_name;
        for (size_t i = 0; r == 0 && i < c->config->n_alpn_listen; i++) {
                unsigned port = listen_address_port(c->config->alpn_listen + i);
                bool is_known = false;

                for (size_t j = 0; j < i; j++)
                        is_known = is_known ||
                                   listen_address_port(c->config->alpn_listen + j) == port;
                if (!is_known)
                        r = check_port(&look, port);
        }
        return r;
}
