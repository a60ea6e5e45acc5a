/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-firewall open PORT [ADDRESS…], acme-firewall close PORT-HOW: opens the packet filter for
 * what listens and closes it again, and tells the journal which addresses those are. PORT is
 * "webroot", or "alpn" for the responder of tls-alpn-01. acme-firewall prolong: keeps open what
 * would end by itself. PID 1 runs it as acme-firewall@.service, when the addresses are bound, as
 * acme-firewall-close@.service when they are to be no more, however that came, and as
 * acme-firewall-prolong.service from time to time where a set is used.
 *
 * It holds CAP_NET_ADMIN and nothing else, for milliseconds. It trusts its command line, which is
 * PID 1's, and the configuration, which is root's. */

#include "base/exit-status.h"
#include "base/log.h"
#include "firewall/comment.h"
#include "firewall/firewall.h"
#include "firewall/port.h"

/* What it is for. */
#define FOR_WEBROOT "webroot"
#define FOR_ALPN "alpn"

/* A transaction takes milliseconds. When the kernel or a very large ruleset holds it up for longer,
 * PID 1 must not be kept waiting, nor the challenge: we end, and the port may be open all the same.
 */
#define FIREWALL_SECONDS 3U

static int open_for(char **words, const Config *config, bool is_alpn)
{
        _cleanup_(port_done) Port port = {};
        int r, k;

        r = port_find(words, &port);
        if (r == -EINVAL)
                log_error("Cannot open the packet filter: not ADDRESS:PORT... on the command line");
        if (r < 0)
                return r;
        r = port.n_bound > 0 ? firewall_open(config, port.bound, port.n_bound, port.listen) : 0;
        k = port_report(&port, is_alpn);
        return r < 0 ? r : k;
}

/* Without a valid configuration what is ours is removed all the same. */
static int close_for(const Config *config, bool is_alpn)
{
        int r = firewall_close(config), k = port_report_closed(is_alpn);

        return r < 0 ? r : k;
}

int main(int argc, char **argv)
{
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(config_error_done) ConfigError error = {};
        bool is_alpn = argc > 2 && startswith(argv[2], FOR_ALPN);
        bool is_known = is_alpn || (argc > 2 && startswith(argv[2], FOR_WEBROOT));
        bool is_open = is_known && streq(argv[1], "open");
        bool is_close = argc == 3 && is_known && streq(argv[1], "close");
        bool is_prolong = argc == 2 && streq(argv[1], "prolong");
        int r;

        alarm(FIREWALL_SECONDS);
        log_open("acme-firewall");
        if (!is_open && !is_prolong && !is_close) {
                log_error("Called with a wrong command line; it is \"acme-firewall "
                          "open " FOR_WEBROOT "|" FOR_ALPN
                          " [ADDRESS:PORT...]\", \"acme-firewall prolong\" or "
                          "\"acme-firewall close " FOR_WEBROOT "|" FOR_ALPN "-HOW\"");
                return EXIT_BUG;
        }
        if (is_alpn)
                firewall_choose(FIREWALL_FOR_TLS_ALPN01);
        r = config_load(NULL, "", &config, &error);
        if (r == CONFIG_E_INVALID)
                log_error("%s", error.message);
        if (r == CONFIG_E_INVALID && (is_open || is_prolong))
                return EXIT_CONFIGURATION;
        if (r >= 0)
                r = is_open      ? open_for(argv + 3, config, is_alpn)
                    : is_prolong ? firewall_prolong(config)
                                 : close_for(config, is_alpn);
        if (r < 0)
                log_error_errno(r, "Failed to change the packet filter");
        return r < 0 ? EXIT_BUG : EXIT_DONE;
}
