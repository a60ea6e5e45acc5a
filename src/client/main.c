/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-client NAME: one renewal, from the question whether it is due to the installed
 * certificate.
 *
 * This room has a network connection and no key. Everything that it must wait for is begun as early
 * as possible: the signer starts while libcurl is loaded, port 80 opens while the CA is asked for
 * its directory. Whatever happens, the exit code is one of exit-status.h, the reason is told
 * once, and the signer remembers it. */

#include "client/client.h"

#include <inttypes.h>

#include "base/arguments.h"
#include "base/audit.h"
#include "base/log.h"
#include "client/account-flow.h"
#include "client/authority.h"
#include "client/check.h"
#include "client/directory-flow.h"
#include "client/key-types.h"
#include "client/order-flow.h"
#include "client/progress.h"
#include "client/proof-flow.h"
#include "client/renewal-flow.h"
#include "client/request.h"

/* Files only, before anything is begun: no signer, no network, and no word about a configuration
 * that nothing is to be done with. */
static int look(Client *c, bool *ret_is_early)
{
        int r;

        /* What is live, and what has failed, is no reason to let it be. */
        if (c->config->is_dry_run) {
                config_log_warnings(c->config->warnings);
                *ret_is_early = c->config->terms_of_service_agreed;
                return 0;
        }
        r = key_types_look(c, ret_is_early);
        if (r < 0)
                return r;
        if (c->verdict != CHECK_RUN)
                return CLIENT_E_NOT_DUE;
        c->verdict = CHECK_NOT_DUE;
        config_log_warnings(c->config->warnings);
        return 0;
}

/* Begins what takes longest first: PID 1 starts the signer while libcurl is loaded, and the units
 * behind port 80, which keep all processors busy, when the connection to the CA is under way. */
static int begin(Client *c, bool is_early)
{
        int r;

        r = signer_connect(&c->signer, &c->failure);
        if (r == 0)
                r = signer_describe_send(&c->signer);
        if (r == 0 && is_early)
                r = directory_connect(c);
        if (r == 0 && is_early)
                r = proofs_begin(c);
        return r;
}

static int describe(Client *c)
{
        int r;

        r = authority_take(c);
        if (r != 0)
                return r;
        if (!c->about->due && c->about->ask_renewal_info && renewal_flow_can_ask(c)) {
                r = renewal_flow_ask(c);
                /* Who was asked is who has issued; the renewal may be another one's. */
                if (r == 0 && c->about->due && c->config->n_cas > 1)
                        r = authority_take(c);
        }
        if (r != 0)
                return r;
        if (!c->about->due || key_types_is_put_off(c)) {
                key_types_note_idle(c,
                                    c->about->due ? CHECK_TOO_EARLY : CHECK_NOT_DUE,
                                    c->about->due ? c->turns[c->turn].next_usec
                                                  : c->about->renew_at_usec,
                                    c->about->not_after_usec);
                return CLIENT_E_NOT_DUE;
        }
        return 0;
}

static int find_account(Client *c)
{
        size_t n = strv_length(c->about->identifiers);
        int r;

        progress("Talking to the CA %s", c->about->ca);
        r = c->directory ? directory_admit(c) : directory_receive(c);
        if (r != 0)
                return r;
        /* For the authorizations of many names there will be as many requests at once. */
        r = nonces_prefetch(c, n);
        return r != 0 ? r : account_ensure(c);
}

/* What is open, and gives the right answer, does so for every CA. */
static int prove(Client *c)
{
        int r;

        if (c->is_proving)
                return 0;
        r = proofs_begin(c);
        if (r == 0)
                r = proofs_await(c);
        c->is_proving = r == 0;
        return r;
}

/* With one CA. */
static int obtain(Client *c, usec_t *ret_not_after_usec)
{
        int r = 0;

        if (!c->http)
                r = directory_connect(c);
        if (r == 0)
                r = find_account(c);
        if (r == 0)
                r = prove(c);
        return r == 0 ? order_flow_run(c, ret_not_after_usec) : r;
}

static int prepare(Client *c, const char *name)
{
        bool is_early;
        int r;

        r = client_load_config(c, name, true);
        if (r == 0)
                r = look(c, &is_early);
        if (r != 0)
                return r;
        c->n_cas_left = c->config->n_cas;
        patience_turn(&c->patience, now_monotonic(), key_types_shares(c));
        return begin(c, is_early);
}

/* The certificate of the key type that is under way. */
static int run(Client *c)
{
        usec_t not_after_usec;
        int r;

        r = describe(c);
        while (r == 0) {
                r = obtain(c, &not_after_usec);
                if (r != CLIENT_E_FAILED)
                        break;
                r = authority_turn(c);
        }
        if (r == 0)
                progress("%s until %s, issued by the CA %s",
                         c->config->is_dry_run ? "The dry run has passed with a certificate valid"
                                               : "Valid",
                         FORMAT_TIMESTAMP(not_after_usec),
                         c->config->ca);
        return r;
}

/* Return: 0, -ENOMEM. */
static int tell_not_due(const Client *c, char **ret)
{
        const char *next = FORMAT_TIMESTAMP(c->next_usec);
        int n;

        if (c->verdict == CHECK_TOO_EARLY)
                n = asprintf(ret,
                             "Not trying again to renew %s before %s, after a failure",
                             c->name,
                             next);
        else if (c->changed)
                n = asprintf(ret,
                             "Nothing to do for %s: it is due for renewal at %s, and what was "
                             "changed since it was issued counts from then on: %s; \"acmectl renew "
                             "%s\" renews it now",
                             c->name,
                             next,
                             c->changed,
                             c->name);
        else
                n = asprintf(ret,
                             "Nothing to do for %s: it is due for renewal at %s",
                             c->name,
                             next);
        if (n < 0)
                *ret = NULL;
        return n < 0 ? -ENOMEM : 0;
}

static ExitStatus finish_not_due(const Client *c)
{
        _cleanup_free_ char *text = NULL;

        if (tell_not_due(c, &text) < 0) {
                log_oom();
                return EXIT_BUG;
        }
        progress("%s", text);
        audit(AUDIT_NOT_DUE,
              text,
              {AUDIT_NOT_AFTER,
               c->not_after_usec == USEC_INFINITY ? NULL : FORMAT_TIMESTAMP(c->not_after_usec)},
              {AUDIT_SETTINGS, c->changed},
              {AUDIT_RETRY_AT, FORMAT_TIMESTAMP(c->next_usec)});
        return EXIT_DONE;
}

/* The one message of a failure. */
static ExitStatus finish_failed(Client *c, const char *name)
{
        const Failure *f = &c->failure;
        const char *key_type = c->config && c->config->n_key_types > 1
                                               ? key_type_to_string(c->config->key_type)
                                               : NULL;
        usec_t next_usec = USEC_INFINITY;
        _cleanup_free_ char *text = NULL, *names = NULL;
        bool is_known, is_dry_run;

        if (c->signer.client)
                signer_report_failure(&c->signer, f, &next_usec);
        /* A dry run does not count. */
        is_dry_run = c->config && c->config->is_dry_run;
        is_known = next_usec != USEC_INFINITY && !is_dry_run;
        if (asprintf(&text,
                     "%s %s%s%s: %s%s%s",
                     is_dry_run ? "The dry run has failed for" : "Failed to renew",
                     c->name ? c->name : name,
                     key_type ? " with the key type " : "",
                     key_type ?: "",
                     f->message,
                     is_known ? "; the timer tries again from " : "",
                     is_known ? FORMAT_TIMESTAMP(next_usec) : "") < 0) {
                text = NULL;
                log_oom();
                return f->exit_status;
        }
        if (c->config && strv_join(c->config->identifiers, " ", &names) < 0)
                names = NULL;
        progress("%s", text);
        audit(c->is_misconfigured ? AUDIT_CONFIGURATION_INVALID
              : is_dry_run        ? AUDIT_DRY_RUN_FAILED
                                  : AUDIT_FAILED,
              text,
              {AUDIT_REASON, f->message},
              {AUDIT_PROBLEM, f->problem},
              {AUDIT_CA, c->config ? c->config->ca : NULL},
              {AUDIT_IDENTIFIERS, names},
              {AUDIT_KEY_TYPE, key_type},
              {AUDIT_ORDER, c->order},
              {AUDIT_RETRY_AT, is_known ? FORMAT_TIMESTAMP(next_usec) : NULL});
        return f->exit_status;
}

/* How it has ended with one key type. */
static ExitStatus conclude(Client *c, const char *name, int r)
{
        if (r == 0 || r == CLIENT_E_NOT_DUE)
                return EXIT_DONE;
        if (!c->failure.is_set) {
                r = failure_set(&c->failure,
                                EXIT_BUG,
                                "An internal error: %s",
                                r < 0 ? strerror(-r) : "an outcome that nobody has handled");
                if (r < 0)
                        return EXIT_BUG;
        }
        return finish_failed(c, name);
}

static ExitStatus renew(const char *name)
{
        _cleanup_(client_done) Client c = {};
        bool is_idle, is_shared;
        ExitStatus status, ended;
        int r;

        patience_init(&c.patience, now_monotonic());
        r = prepare(&c, name);
        if (r == 0)
                r = run(&c);
        status = conclude(&c, name, r);
        is_idle = r == CLIENT_E_NOT_DUE;
        is_shared = r < 0 || !c.is_authorized;
        while (key_types_next(&c) > 0) {
                if (status != EXIT_DONE) {
                        if (is_shared) {
                                key_types_share_failure(&c);
                                continue;
                        }
                        authority_put_away(&c);
                        failure_done(&c.failure);
                }
                r = run(&c);
                is_idle = is_idle && r == CLIENT_E_NOT_DUE;
                ended = conclude(&c, name, r);
                status = MAX(status, ended);
        }
        if (is_idle)
                return finish_not_due(&c);
        /* The kernel takes everything back at once, the lease first of all; tidying up before that
         * would only keep who waits for the unit waiting. */
        if (status == EXIT_DONE)
                _exit(EXIT_DONE);
        return status;
}

static const char usage[] =
                "acme-client NAME\n\n"
                "Renews the certificate NAME if it is due. Started by acme-renew@NAME.service, "
                "which\n"
                "gives it its doors.\n\n"
                "  -h, --help     show this\n"
                "      --version  show the version\n\n"
                "See acme-renew@.service(8).\n";

int main(int argc, char *argv[])
{
        const char *name;
        int status;

        log_open("acme-client");
        name = arguments_take_name(argc, argv, "acme-client", usage, &status);
        if (!name)
                return status;

        log_set_certificate(name);
        status = (int) renew(name);
        if (status != EXIT_DONE)
                log_flush();
        return status;
}
