/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Registration. With a key that the CA knows, newAccount answers with the account that there is
 * (section 7.3.1), so that there is one way for a new account, for a lost account.json, and for a
 * store that was restored from a backup. */

#include "client/account-flow.h"

#include "acme/account.h"
#include "acme/url.h"
#include "base/escape.h"
#include "client/progress.h"
#include "client/request.h"
#include "version.h"

/* A key, and the one that was to take its place. */
#define ACCOUNT_KEYS 2U

static const char what[] = "register with the CA";

/* One message with all that a person needs for saying yes. */
static int fail_terms(Client *c)
{
        _cleanup_free_ char *url = NULL;

        url = escape_foreign(c->directory->terms_of_service,
                             strlen(c->directory->terms_of_service),
                             FOREIGN_TEXT_MAX);
        if (!url)
                return -ENOMEM;
        return failure_set(
                        &c->failure,
                        EXIT_REFUSED,
                        "The CA %s has terms of service, which must be agreed to before the first "
                        "certificate: read %s and, if you agree, put the line "
                        "\"TermsOfServiceAgreed=yes\" into the section [Defaults] of " SYSCONFDIR
                        "/acme.conf",
                        c->about->ca,
                        url);
}

/* What the directory says before anything is sent (section 7.1.1). */
int account_check_conditions(Client *c)
{
        /* A key may have an account already, which is found by it. */
        if (c->directory->external_account_required && !c->about->has_external_account &&
            !c->about->thumbprint)
                return failure_set(
                                &c->failure,
                                EXIT_REFUSED,
                                "The CA %s registers its customers only: get a key identifier and "
                                "a MAC key for ACME from it, and give them to acmectl account bind "
                                "%s, which puts the line \"%s KEY-ID MAC-KEY\" into "
                                "/etc/credstore/acme.external-accounts; see acme-account(8)",
                                c->about->ca,
                                c->config->account,
                                c->config->account);
        if (c->directory->terms_of_service && !c->about->terms_of_service_agreed)
                return fail_terms(c);
        return 0;
}

/* Section 7.3: 201 for a new account, 200 for one that exists; its URL is in Location. */
static int understand(Client *c, const Request *q)
{
        AccountStatus status;
        int r;

        if (!q->reply.location || !acme_url_has_origin(q->reply.location, c->about->origins))
                return request_fail_malformed(c, what, "Location");
        r = account_status_parse(q->reply.body, q->reply.body_length, &status);
        if (r == -EBADMSG)
                return request_fail_malformed(c, what, "status");
        if (r < 0)
                return r;
        if (status != ACCOUNT_VALID)
                return failure_set(&c->failure,
                                   EXIT_REFUSED,
                                   "The account %s is %s at the CA; move the CA's directory below "
                                   "/var/lib/acme/accounts away to begin with a new account key",
                                   q->reply.location,
                                   account_status_to_string(status));
        return 0;
}

int account_ask(Client *c, Request *q)
{
        int r;

        for (unsigned keys = 0;; keys++) {
                request_done(q);
                *q = (Request){.kind = REQUEST_NEW_ACCOUNT, .url = c->directory->new_account};
                r = requests_perform(c, q, 1);
                if (r != 0)
                        return r;
                if (!c->about->is_key_unclear || keys == ACCOUNT_KEYS || !request_lacks_account(q))
                        break;
                r = signer_forget_account(&c->signer);
                if (r != 0)
                        return r;
        }
        return q->outcome == REQUEST_DONE ? understand(c, q) : request_fail(c, q, what);
}

int account_ensure(Client *c)
{
        _cleanup_request_ Request q = {};
        int r;

        if (c->has_account)
                return 0;
        progress("Registering with the CA");
        r = account_check_conditions(c);
        if (r == 0)
                r = account_ask(c, &q);
        if (r == 0)
                r = signer_set_account(&c->signer, q.reply.location);
        c->has_account = r == 0;
        return r;
}

int account_register_again(Client *c)
{
        int r;

        c->has_registered_again = true;
        r = signer_forget_account(&c->signer);
        if (r != 0)
                return r;
        c->has_account = false;
        return account_ensure(c);
}
