/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-firewall open ADDRESS…, acme-firewall close INSTANCE: opens the packet filter for the web
 * root and closes it again; with "alpn" before the first address, or at the beginning of the
 * instance of the unit that closes, for the responder of tls-alpn-01; acme-firewall prolong: keeps
 * open what would end by itself. PID 1 runs it as acme-webroot.socket's and acme-alpn.socket's
 * ExecStartPost=, when the addresses are bound, as acme-firewall-close@.service when they are no
 * more, however that came, and as acme-firewall-prolong.service from time to time where a set is
 * used.
 *
 * It holds CAP_NET_ADMIN and nothing else, for milliseconds. It trusts its command line, which is
 * PID 1's, and the configuration, which is root's. */

#include "base/exit-status.h"
#include "base/log.h"
#include "config/listen-address.h"
#include "firewall/comment.h"
#include "firewall/firewall.h"

/* Stands for tls-alpn-01 on the command line. */
#define FOR_ALPN "alpn"

/* A transaction takes milliseconds. When the kernel or a very large ruleset holds it up for longer,
 * PID 1 must not be kept waiting, nor the challenge: we end, and the port may be open all the same.
 */
#define FIREWALL_SECONDS 3U

/* Return: how many addresses; 0 when one of the words is none. */
static size_t parse_addresses(char **words, ListenAddress addresses[static CONFIG_LISTEN_MAX])
{
        size_t n = 0;

        STRV_FOREACH (word, words) {
                ListenAddress pair[LISTEN_ADDRESSES_PER_WORD];
                const char *reason;
                size_t k = listen_address_parse(*word, pair, &reason);

                if (k == 0 || n + k > CONFIG_LISTEN_MAX)
                        return 0;
                memcpy(&addresses[n], pair, k * sizeof(pair[0]));
                n += k;
        }
        return n;
}

static int open_for(char **words, const Config *config)
{
        ListenAddress addresses[CONFIG_LISTEN_MAX];
        _cleanup_free_ char *listen = NULL;
        size_t n;
        int r;

        r = strv_join(words, " ", &listen);
        if (r < 0)
                return r;
        n = parse_addresses(words, addresses);
        if (n == 0) {
                log_error("Cannot open the packet filter for \"%s\": not ADDRESS:PORT...", listen);
                return -EINVAL;
        }
        return firewall_open(config, addresses, n, listen);
}

int main(int argc, char **argv)
{
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(config_error_done) ConfigError error = {};
        bool is_alpn = argc > 2 && startswith(argv[2], FOR_ALPN);
        bool is_open = argc > 2 + is_alpn && streq(argv[1], "open");
        bool is_close = argc > 1 && argc <= 3 && streq(argv[1], "close");
        bool is_prolong = argc == 2 && streq(argv[1], "prolong");
        int r;

        alarm(FIREWALL_SECONDS);
        log_open("acme-firewall");
        if (!is_open && !is_prolong && !is_close) {
                log_error("Called with a wrong command line; it is \"acme-firewall open [" FOR_ALPN
                          "] ADDRESS:PORT...\", \"acme-firewall prolong\" or \"acme-firewall "
                          "close [INSTANCE]\"");
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
                r = is_open      ? open_for(argv + 2 + is_alpn, config)
                    : is_prolong ? firewall_prolong(config)
                                 : firewall_close(config);
        if (r < 0)
                log_error_errno(r, "Failed to change the packet filter");
        return r < 0 ? EXIT_BUG : EXIT_DONE;
}
