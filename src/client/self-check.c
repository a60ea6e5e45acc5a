/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The self-check.
 *
 * A token of our own is fetched from every socket that listens on the port: our web root, or a
 * server that was there before. Ours says so, and answers alike for every name; another one may
 * have a site for each name, and is asked for each. When one fails, the user is told whose it is
 * and what its configuration needs. */

#include "client/self-check.h"

#include <fcntl.h>

#include "base/audit.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/log.h"
#include "client/patience.h"
#include "client/probe.h"
#include "client/progress.h"
#include "holder/target.h"

#define SNIPPETS "/usr/share/doc/acmeward/webserver"
#define SNIPPET_BYTES_MAX 4096U

/* One socket under examination. */
typedef struct Examination {
        Client *client;
        Probe *probe;
        unsigned port;
        const char *token;
        const char *key_authorization;
} Examination;

/* The documentation's snippet for the web server of this unit; NULL when it is none of those that
 * have one. */
static const char *find_snippet(const char *unit)
{
        static const struct {
                const char *prefix, *snippet;
        } servers[] = {
                        {"nginx", "nginx"},
                        {"apache2", "apache"},
                        {"httpd", "apache"},
                        {"lighttpd", "lighttpd"},
                        {"haproxy", "haproxy"},
                        {"caddy", "caddy"},
        };

        if (unit)
                FOREACH_ARRAY (s, servers, ELEMENTSOF(servers))
                        if (startswith(unit, s->prefix))
                                return s->snippet;
        return NULL;
}

/* The lines that the web server's configuration needs, as the documentation has them. */
static void log_snippet(const char *snippet)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        char *rest = NULL;
        size_t length;

        if (asprintf(&path, SNIPPETS "/%s.conf", snippet) < 0) {
                path = NULL;
                return;
        }
        if (file_read(AT_FDCWD, path, SNIPPET_BYTES_MAX, 0, &text, &length) < 0)
                return;
        log_error("What the configuration of %s needs (%s):", snippet, path);
        for (char *l = strtok_r(text, "\n", &rest); l; l = strtok_r(NULL, "\n", &rest))
                if (*l != '#')
                        log_error("    %s", l);
}

static int
fail_no_answer(const Examination *e, const Target *target, const char *who, const char *name)
{
        _cleanup_free_ char *why = NULL;

        why = escape_foreign(e->probe->error, strlen(e->probe->error), FOREIGN_TEXT_MAX);
        if (!why)
                return -ENOMEM;
        return failure_set(&e->client->failure,
                           EXIT_TRY_AGAIN,
                           "Nothing answers on port %u of %s, where a CA would look for the token "
                           "of %s: "
                           "%s; the socket was made by %s",
                           e->port,
                           target->address,
                           name,
                           why,
                           who);
}

static void
audit_foreign(const Examination *e, const Target *target, const char *unit, const char *name)
{
        char message[256], address[sizeof(target->address) + sizeof(":65535")];

        (void) snprintf(address,
                        sizeof(address),
                        "%.*s:%u",
                        (int) sizeof(target->address),
                        target->address,
                        e->port);
        (void) snprintf(message,
                        sizeof(message),
                        "%s is served by others, without our tokens",
                        address);
        audit(AUDIT_PORT_FOREIGN,
              message,
              {AUDIT_ADDRESS, address},
              {AUDIT_UNIT, unit},
              {AUDIT_IDENTIFIERS, name});
}

static int fail(const Examination *e, ProbeResult result, const Target *target, const char *name)
{
        _cleanup_free_ char *unit = NULL;
        const char *who, *snippet;
        char what[64];

        if (port_holder_unit(target->holder, &unit) < 0)
                return -ENOMEM;
        who = unit ? unit : "another program";
        if (result == PROBE_E_NO_ANSWER)
                return fail_no_answer(e, target, who, name);
        if (e->probe->is_ours)
                return failure_set(
                                &e->client->failure,
                                EXIT_TRY_AGAIN,
                                "The web root does not serve a token that was just published (HTTP "
                                "status %li); see the journal of acme-webroot.service",
                                e->probe->status);

        if (result == PROBE_E_STATUS)
                (void) snprintf(what, sizeof(what), "HTTP status %li", e->probe->status);
        else
                (void) snprintf(what, sizeof(what), "another page");
        snippet = find_snippet(unit);
        if (snippet)
                log_snippet(snippet);
        audit_foreign(e, target, unit, name);
        return failure_set(&e->client->failure,
                           EXIT_CONFIGURATION,
                           "Port %u of %s is held by %s, which answers with %s where a CA would "
                           "look for "
                           "the token of %s; let it serve %s as /.well-known/acme-challenge/, with "
                           "the "
                           "lines of " SNIPPETS "/%s.conf, or free the port",
                           e->port,
                           target->address,
                           who,
                           what,
                           name,
                           e->client->config->webroot_directory,
                           snippet ? snippet : "{nginx,apache,lighttpd,haproxy,caddy}");
}

/* Our own web root has nothing to load, and who does not answer at all is not waited for twice. */
static int ask(const Examination *e, const Target *target, const char *name, ProbeResult *ret)
{
        unsigned n = 0;
        int r;

        do
                r = probe_ask(e->probe,
                              target->address,
                              e->port,
                              name,
                              e->token,
                              e->key_authorization,
                              ret);
        while (r == 0 && (*ret == PROBE_E_STATUS || *ret == PROBE_E_OTHER) && !e->probe->is_ours &&
               reload_pause(++n));
        return r;
}

static int examine(const Examination *e, const Target *target)
{
        STRV_FOREACH (name, e->client->about->identifiers) {
                ProbeResult result;
                int r;

                /* Proved by DNS. */
                if (startswith(*name, "*."))
                        continue;
                r = ask(e, target, *name, &result);
                if (r < 0)
                        return r;
                if (result != PROBE_RIGHT)
                        return fail(e, result, target, *name);
                if (e->probe->is_ours)
                        break;
        }
        return 0;
}

static int check_port(const Examination *e)
{
        PortHolder holders[PORT_HOLDERS_MAX];
        Target targets[TARGETS_MAX];
        size_t n_holders = 0, n;
        int r;

        r = port_holders_find((uint16_t) e->port, holders, &n_holders);
        if (r < 0) {
                log_warning_errno(r,
                                  "The kernel does not tell who listens on port %u; asking at "
                                  "127.0.0.1",
                                  e->port);
                holders[0] = (PortHolder){.family = AF_INET};
                n_holders = 1;
        }
        n = targets_find(holders, n_holders, targets);
        if (n == 0)
                return failure_set(
                                &e->client->failure,
                                EXIT_TRY_AGAIN,
                                "Nothing listens on port %u, where a CA would look; if [WebRoot] "
                                "Listen= was changed, run \"systemctl daemon-reload\", and see "
                                "journalctl -u \"acme-webroot@*.socket\"",
                                e->port);
        FOREACH_ARRAY (t, targets, n) {
                r = examine(e, t);
                if (r != 0)
                        return r;
        }
        return 0;
}

int self_check(Client *c, const char *token, const char *key_authorization)
{
        _cleanup_(probe_done) Probe p = {};
        Examination e = {
                        .client = c,
                        .probe = &p,
                        .token = token,
                        .key_authorization = key_authorization,
        };
        int r;

        r = probe_init(&p);
        for (size_t i = 0; r == 0 && i < c->config->n_listen; i++) {
                bool is_known = false;

                e.port = listen_address_port(c->config->listen + i);
                for (size_t j = 0; j < i; j++)
                        is_known = is_known || listen_address_port(c->config->listen + j) == e.port;
                if (!is_known)
                        r = check_port(&e);
        }
        return r;
}
