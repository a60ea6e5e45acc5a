/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-revoke NAME: the program of acme-revoke@NAME.service. It carries one request to the CA, of
 * which it may choose nothing: what is to be revoked, why, and by which key the signer reads in a
 * file that is root's. Like the renewal's client it has a network connection and no key. */

#include "base/arguments.h"
#include "base/audit.h"
#include "base/log.h"
#include "client/authority.h"
#include "client/client.h"
#include "client/directory-flow.h"
#include "client/progress.h"
#include "client/revocation-flow.h"
#include "state/revocation-request.h"

static int run(Client *c, const char *name, bool *ret_was_revoked)
{
        int r;

        r = client_load_config(c, name, false);
        if (r == 0)
                r = signer_connect(&c->signer, &c->failure);
        if (r == 0)
                r = signer_describe_revocation(&c->signer, &c->about);
        if (r == 0)
                r = authority_adopt(c);
        if (r != 0)
                return r;
        progress("Talking to the CA %s", c->about->ca);
        r = directory_connect(c);
        if (r == 0)
                r = directory_receive(c);
        return r == 0 ? revocation_flow_run(c, ret_was_revoked) : r;
}

static ExitStatus finish_failed(Client *c, const char *name)
{
        const Failure *f = &c->failure;
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text, "Failed to revoke a certificate of %s: %s", name, f->message) < 0) {
                text = NULL;
                log_oom();
                return f->exit_status;
        }
        progress("%s", text);
        audit(c->is_misconfigured ? AUDIT_CONFIGURATION_INVALID : AUDIT_REVOCATION_FAILED,
              text,
              {AUDIT_REASON, f->message},
              {AUDIT_PROBLEM, f->problem},
              {AUDIT_SERIAL, c->about ? c->about->revocation.serial : NULL},
              {AUDIT_CA, c->config ? c->config->ca : NULL});
        return f->exit_status;
}

static ExitStatus carry_out(const char *name)
{
        _cleanup_(client_done) Client c = {};
        bool was_revoked;
        int r;

        patience_init(&c.patience, now_monotonic());
        r = run(&c, name, &was_revoked);
        if (r == 0) {
                const char *already = was_revoked ? " already" : "";

                log_notice("The certificate %s is revoked%s", c.about->revocation.serial, already);
                progress("The certificate %s is revoked%s", c.about->revocation.serial, already);
                return EXIT_DONE;
        }
        if (!c.failure.is_set)
                r = failure_set(&c.failure,
                                EXIT_BUG,
                                "An internal error: %s",
                                r < 0 ? strerror(-r) : "an outcome that nobody has handled");
        return r < 0 ? EXIT_BUG : finish_failed(&c, name);
}

static const char usage[] =
                "acme-revoke NAME\n\n"
                "Has the CA revoke what " REVOCATION_REQUEST_DIRECTORY "/NAME names. Started by\n"
                "acme-revoke@NAME.service, which gives it its door; acmectl revoke is for "
                "people.\n\n"
                "  -h, --help     show this\n"
                "      --version  show the version\n\n"
                "See acme-revoke@.service(8).\n";

int main(int argc, char *argv[])
{
        const char *name;
        int status;

        log_open("acme-revoke");
        name = arguments_take_name(argc, argv, "acme-revoke", usage, &status);
        if (!name)
                return status;
        log_set_certificate(name);
        status = (int) carry_out(name);
        log_flush();
        return status;
}
