/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-client [--check] NAME: one renewal, from the question whether it is due to the installed
 * certificate.
 *
 * This room has a network connection and no key. Everything that it must wait for is begun as early
 * as possible: the doors' units start while libcurl is loaded, port 80 opens while the CA is asked
 * for its directory. Whatever happens, the exit code is one of exit-status.h, the reason is told
 * once, and the signer remembers it. */

#include "client/client.h"

#include <getopt.h>
#include <inttypes.h>

#include "base/audit.h"
#include "base/log.h"
#include "client/account-flow.h"
#include "client/check.h"
#include "client/directory-flow.h"
#include "client/order-flow.h"
#include "client/progress.h"
#include "client/request.h"
#include "client/self-check.h"
#include "version.h"

static void client_done(Client *c)
{
        /* The lease first: port 80 closes while the rest is put away. */
        lease_done(&c->lease);
        signer_done(&c->signer);
        description_free(c->about);
        http_free(c->http);
        directory_free(c->directory);
        nonces_done(&c->nonces);
        failure_done(&c->failure);
        config_free(c->config);
}

static int load_config(Client *c, const char *name)
{
        ConfigError error;
        int r;

        r = config_load(name, "", &c->config, &error);
        if (r == CONFIG_E_INVALID) {
                STRV_FOREACH (warning, error.warnings)
                        log_warning("%s", *warning);
                c->is_misconfigured = true;
                r = failure_set(&c->failure, EXIT_CONFIGURATION, "%s", error.message);
        }
        config_error_done(&error);
        if (r != 0)
                return r;
        STRV_FOREACH (warning, c->config->warnings)
                log_warning("%s", *warning);
        c->name = c->config->name;
        return 0;
}

/* Begins the connection to the CA, which takes as many round trips as TLS does. */
static int begin_connection(Client *c)
{
        int r;

        r = http_new(c->config->trust, &c->http);
        if (r < 0 && c->config->trust && r != -ENOMEM && r != -ELIBACC)
                return failure_set(&c->failure,
                                   EXIT_CONFIGURATION,
                                   "Failed to read the certificates of Trust=%s: %s",
                                   c->config->trust,
                                   strerror(-r));
        return r < 0 ? r : directory_send(c);
}

/* Begins what takes longest: the units behind port 80 start while we do everything else. */
static int begin(Client *c)
{
        int r;

        r = lease_open_send(&c->lease, &c->failure);
        return r != 0 ? r : begin_connection(c);
}

static int describe(Client *c)
{
        int r;

        r = signer_describe_receive(&c->signer, &c->about);
        if (r != 0)
                return r;
        if (!c->about->due)
                return CLIENT_E_NOT_DUE;
        c->has_account = c->about->account;
        if (!streq(c->about->directory, c->config->directory) ||
            !strv_equal(c->about->identifiers, c->config->identifiers))
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "The configuration has changed while the renewal began");
        if (!c->about->has_http01)
                return failure_set(&c->failure,
                                   EXIT_CONFIGURATION,
                                   "The configuration does not let names be verified by HTTP "
                                   "(http-01), "
                                   "which is the only way that is supported");
        return 0;
}

static int find_account(Client *c)
{
        size_t n = strv_length(c->about->identifiers);
        int r;

        progress("Talking to the CA %s", c->about->ca);
        r = directory_receive(c);
        if (r != 0)
                return r;
        /* For the authorizations of many names there will be as many requests at once. */
        r = nonces_prefetch(c, n);
        return r != 0 ? r : account_ensure(c);
}

static int open_port(Client *c)
{
        _cleanup_free_ char *key_authorization = NULL;
        int r;

        progress("Waiting for port 80");
        r = lease_open_send(&c->lease, &c->failure);
        if (r == 0)
                r = lease_open_receive(&c->lease, &c->failure, &key_authorization);
        return r != 0 ? r : self_check(c, c->lease.token, key_authorization);
}

static int run(Client *c, const char *name, usec_t *ret_not_after_usec)
{
        _cleanup_(state_freep) State *state = NULL;
        bool is_early;
        int r;

        r = load_config(c, name);
        if (r == 0)
                r = signer_connect(&c->signer, &c->failure);
        if (r == 0)
                r = signer_describe_send(&c->signer);
        if (r != 0)
                return r;

        /* Without waiting for what the signer says, where it is all but certain. */
        r = check_load_state(&state);
        is_early = r == 0 && check_is_surely_due(c->config, state);
        if (is_early)
                r = begin(c);
        if (r == 0)
                r = describe(c);
        if (r == 0 && !is_early)
                r = begin_connection(c);
        if (r == 0)
                r = find_account(c);
        if (r == 0)
                r = open_port(c);
        if (r == 0)
                r = order_flow_run(c, ret_not_after_usec);
        return r;
}

static ExitStatus finish_not_due(const Client *c)
{
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text,
                     "Nothing to do for %s: it is due for renewal at %s",
                     c->name,
                     FORMAT_TIMESTAMP(c->about->renew_at_usec)) < 0) {
                text = NULL;
                log_oom();
                return EXIT_BUG;
        }
        progress("%s", text);
        audit(AUDIT_NOT_DUE,
              text,
              {AUDIT_NOT_AFTER, FORMAT_TIMESTAMP(c->about->not_after_usec)},
              {AUDIT_RETRY_AT, FORMAT_TIMESTAMP(c->about->renew_at_usec)});
        return EXIT_DONE;
}

/* The one message of a failure. */
static ExitStatus finish_failed(Client *c, const char *name)
{
        const Failure *f = &c->failure;
        usec_t next_usec = USEC_INFINITY;
        _cleanup_free_ char *text = NULL;
        bool is_known;

        if (c->signer.client)
                signer_report_failure(&c->signer, f, &next_usec);
        is_known = next_usec != USEC_INFINITY;
        if (asprintf(&text,
                     "Failed to renew %s: %s%s%s",
                     c->name ? c->name : name,
                     f->message,
                     is_known ? "; the timer tries again from " : "",
                     is_known ? FORMAT_TIMESTAMP(next_usec) : "") < 0) {
                text = NULL;
                log_oom();
                return f->exit_status;
        }
        progress("%s", text);
        audit(c->is_misconfigured ? AUDIT_CONFIGURATION_INVALID : AUDIT_FAILED,
              text,
              {AUDIT_REASON, f->message},
              {AUDIT_PROBLEM, f->problem},
              {AUDIT_CA, c->config ? c->config->ca : NULL},
              {AUDIT_RETRY_AT, is_known ? FORMAT_TIMESTAMP(next_usec) : NULL});
        return f->exit_status;
}

static ExitStatus renew(const char *name)
{
        _cleanup_(client_done) Client c = {};
        usec_t not_after_usec = USEC_INFINITY;
        int r;

        patience_init(&c.patience, now_monotonic());
        r = run(&c, name, &not_after_usec);
        if (r == 0) {
                progress("Valid until %s", FORMAT_TIMESTAMP(not_after_usec));
                /* The kernel takes everything back at once, the lease first of all; tidying up
                 * before that would only keep who waits for the unit waiting. */
                _exit(EXIT_DONE);
        }
        if (r == CLIENT_E_NOT_DUE)
                return finish_not_due(&c);
        if (!c.failure.is_set) {
                r = failure_set(&c.failure,
                                EXIT_BUG,
                                "An internal error: %s",
                                r < 0 ? strerror(-r) : "an outcome that nobody has handled");
                if (r < 0)
                        return EXIT_BUG;
        }
        return finish_failed(&c, name);
}

static void usage(FILE *f)
{
        fprintf(f,
                "acme-client [--check] NAME\n\n"
                "Renews the certificate NAME if it is due. Started by acme-renew@NAME.service, "
                "which\n"
                "gives it its doors.\n\n"
                "      --check    only tell whether a renewal is due: 0 yes, 1 no\n"
                "  -h, --help     show this\n"
                "      --version  show the version\n\n"
                "See acme-renew@.service(8).\n");
}

int main(int argc, char *argv[])
{
        static const struct option options[] = {
                        {"check", no_argument, NULL, 'c'},
                        {"help", no_argument, NULL, 'h'},
                        {"version", no_argument, NULL, 'v'},
                        {},
        };
        bool is_check = false;
        ExitStatus status;
        int option;

        log_open("acme-client");
        while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (option) {
                case 'c':
                        is_check = true;
                        break;
                case 'h':
                        usage(stdout);
                        return EXIT_SUCCESS;
                case 'v':
                        puts("acme-client " ACMEWARD_VERSION);
                        return EXIT_SUCCESS;
                default:
                        usage(stderr);
                        return EXIT_CONFIGURATION;
                }
        if (optind != argc - 1) {
                usage(stderr);
                return EXIT_CONFIGURATION;
        }

        log_set_certificate(argv[optind]);
        status = is_check ? check_run(argv[optind]) : renew(argv[optind]);
        if (status != EXIT_DONE)
                log_flush();
        return (int) status;
}
