/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One order.
 *
 * The order's status, as the CA tells it, is all that decides what comes next; nothing is
 * remembered of what was sent before. So an order that is ready, processing or valid at birth, one
 * that an earlier run left behind, and one whose reply was lost on the way all take the same road:
 * read it, do what its status asks for, read it again. An order of an earlier run that leads
 * nowhere is given up for a new one, once. */

#include "client/order-flow.h"

#include "acme/order.h"
#include "acme/url.h"
#include "base/audit.h"
#include "client/account-flow.h"
#include "client/authorization-flow.h"
#include "client/progress.h"
#include "client/request.h"

/* A CA whose finalization we have asked for so often without a change of the order has a problem.
 */
#define FINALIZE_TRIES 3U

typedef struct OrderFlow {
        Client *client;
        char *url;
        Order *order;
        bool is_resumed;     /* an earlier run made it */
        bool is_replaceable; /* a new one may be made when it leads nowhere */
        bool is_answered;
        char **open; /* URLs of authorizations that are not known to be valid */
        unsigned polls, finalizations;
        usec_t retry_after_usec; /* of the last reply about the order; 0: none */
} OrderFlow;

static void order_flow_done(OrderFlow *f)
{
        free(f->url);
        strv_free(f->open);
        order_free(f->order);
}

/* Takes the order from a reply. */
static int take_order(OrderFlow *f, const Request *q, const char *what)
{
        _cleanup_(order_freep) Order *order = NULL;
        const char *field;
        int r;

        r = order_parse(q->reply.body, q->reply.body_length, &order, &field);
        if (r == -EBADMSG)
                return request_fail_malformed(f->client, what, field);
        if (r < 0)
                return r;
        order_free(f->order);
        f->order = TAKE_PTR(order);
        f->retry_after_usec = q->retry_after_usec;
        return 0;
}

static int abandon(OrderFlow *f, const char *reason)
{
        audit(AUDIT_ORDER_ABANDONED,
              "Gave up an order, to make a new one",
              {AUDIT_ORDER, f->url},
              {AUDIT_REASON, reason},
              {AUDIT_CA, f->client->about->ca});
        return CLIENT_E_ORDER_ABANDONED;
}

/* An order leaves pending when all its authorizations are valid, or one is not (section 7.1.6). */
static int audit_verified(OrderFlow *f)
{
        _cleanup_free_ char *names = NULL;
        int r;

        r = strv_join(f->order->identifiers, " ", &names);
        if (r < 0)
                return r;
        audit(AUDIT_AUTHORIZATION_VALID,
              "The CA has verified all names",
              {AUDIT_IDENTIFIERS, names},
              {AUDIT_ORDER, f->url},
              {AUDIT_CA, f->client->about->ca});
        return 0;
}

/* Reads the order (section 7.4, POST-as-GET). */
static int reread(OrderFlow *f)
{
        static const char what[] = "look at the order";
        _cleanup_request_ Request q = {.kind = REQUEST_FETCH, .url = f->url};
        int r;

        r = requests_perform(f->client, &q, 1);
        if (r != 0)
                return r;
        if (q.outcome == REQUEST_DONE) {
                bool was_pending = f->is_answered && f->order->status == ORDER_PENDING;

                r = take_order(f, &q, what);
                if (r == 0 && was_pending && f->order->status != ORDER_PENDING &&
                    f->order->status != ORDER_INVALID)
                        r = audit_verified(f);
                return r;
        }
        if (request_lacks_account(&q))
                return CLIENT_E_NO_ACCOUNT;
        /* Gone, or another account's: CAs say so with 404 or 403 and with various problems. */
        if (f->is_resumed && q.reply.status >= 400 && q.reply.status < 500 && q.reply.status != 429)
                return abandon(f, "the CA does not give it to us any more");
        return request_fail(f->client, &q, what);
}

/* Is the order of the earlier run one to go on with? */
static int examine_resumed(OrderFlow *f)
{
        const Order *o = f->order;

        if (!order_is_for(o, f->client->about->identifiers))
                return abandon(f, "it is for other names");
        if (o->status == ORDER_INVALID)
                return abandon(f, "it is invalid");
        if ((o->status == ORDER_PENDING || o->status == ORDER_READY) &&
            o->expires_usec <= now_realtime())
                return abandon(f, "it has expired");
        audit(AUDIT_ORDER_RESUMED,
              "Went on with the order of an earlier run",
              {AUDIT_ORDER, f->url},
              {AUDIT_CA, f->client->about->ca});
        return 0;
}

static int resume(OrderFlow *f)
{
        int r;

        progress("Looking at the order of an earlier run");
        f->is_resumed = true;
        r = free_and_strdup(&f->url, f->client->about->order);
        if (r == 0)
                r = reread(f);
        return r != 0 ? r : examine_resumed(f);
}

static int audit_created(OrderFlow *f)
{
        _cleanup_free_ char *names = NULL;
        int r;

        r = strv_join(f->client->about->identifiers, " ", &names);
        if (r < 0)
                return r;
        audit(AUDIT_ORDER_CREATED,
              "Ordered a certificate",
              {AUDIT_ORDER, f->url},
              {AUDIT_IDENTIFIERS, names},
              {AUDIT_CA, f->client->about->ca});
        return 0;
}

static int understand_new(OrderFlow *f, const Request *q, const char *what)
{
        Client *c = f->client;
        int r;

        r = take_order(f, q, what);
        if (r != 0)
                return r;
        /* Without a URL an order cannot be polled (section 7.4: it is in Location). */
        if (!q->reply.location || !acme_url_has_origin(q->reply.location, c->about->origins))
                return request_fail_malformed(c, what, "Location");
        if (!order_is_for(f->order, c->about->identifiers))
                return request_fail_malformed(c, what, "identifiers");
        r = free_and_strdup(&f->url, q->reply.location);
        if (r == 0)
                r = signer_set_order(&c->signer, f->url);
        return r != 0 ? r : audit_created(f);
}

static int create(OrderFlow *f)
{
        static const char what[] = "order a certificate";
        Client *c = f->client;
        int r;

        progress("Ordering a certificate for %zu names", strv_length(c->about->identifiers));
        for (unsigned tries = 0;; tries++) {
                _cleanup_request_ Request q = {.kind = REQUEST_NEW_ORDER,
                                               .url = c->directory->new_order};

                r = requests_perform(c, &q, 1);
                if (r != 0)
                        return r;
                if (q.outcome == REQUEST_DONE)
                        return understand_new(f, &q, what);
                if (request_lacks_account(&q))
                        return CLIENT_E_NO_ACCOUNT;
                /* An order whose URL was lost cannot be found again; it costs nothing but a place.
                 */
                if (q.outcome != REQUEST_LOST || tries > 0)
                        return request_fail(c, &q, what);
        }
}

static int look_at_authorizations(OrderFlow *f)
{
        int r = 0;

        if (!f->open)
                r = strv_copy(f->order->authorizations, &f->open);
        if (r == 0)
                r = authorizations_check(f->client, f->order, &f->open);
        return r;
}

/* Waits as long as the CA asks for, or as polls go, and reads the order. */
static int wait_and_reread(OrderFlow *f)
{
        Client *c = f->client;
        usec_t now_usec = now_monotonic(), until_usec;
        int r;

        /* Retry-After counts from its reply (RFC 9110 section 10.2.3); a pause of ours from the
         * request, since the CA was at work while its reply came. */
        until_usec = f->retry_after_usec > 0
                                     ? now_usec + f->retry_after_usec
                                     : MAX(now_usec, c->asked_usec + poll_pause_usec(f->polls));
        if (!patience_take(&c->patience, now_usec, until_usec)) {
                c->failure.retry_after_usec = f->retry_after_usec;
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "The CA takes longer than a run waits over the order, which is "
                                   "still %s; "
                                   "the next attempt goes on with it",
                                   order_status_to_string(f->order->status));
        }
        r = requests_pause(c, until_usec);
        if (r != 0)
                return r;
        f->polls++;
        if (lease_is_lost(&c->lease) && f->order->status == ORDER_PENDING)
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "The challenge room is gone while the CA was to look; see the "
                                   "journal of "
                                   "acme-challenge@.service");
        /* Section 7.1.6 has the order follow its authorizations; not every CA is quick to. */
        if (f->order->status == ORDER_PENDING && poll_looks_at_authorizations(f->polls)) {
                r = look_at_authorizations(f);
                if (r != 0)
                        return r;
        }
        return reread(f);
}

static int answer(OrderFlow *f)
{
        int r;

        r = authorizations_answer(f->client, f->order, &f->retry_after_usec);
        if (r != 0 && r != CLIENT_E_ALL_VALID)
                return r;
        f->is_answered = true;
        f->polls = 0;
        return r == 0 ? 0 : reread(f);
}

static int finalize(OrderFlow *f)
{
        static const char what[] = "finalize the order";
        _cleanup_request_ Request q = {.kind = REQUEST_FINALIZE, .url = f->order->finalize};
        Client *c = f->client;
        int r;

        if (f->finalizations++ >= FINALIZE_TRIES)
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "Failed to %s: the CA has been asked %u times, and the order is "
                                   "still ready",
                                   what,
                                   FINALIZE_TRIES);
        progress("Asking for the certificate");
        r = requests_perform(c, &q, 1);
        if (r != 0)
                return r;
        f->polls = 0;
        if (q.outcome == REQUEST_DONE)
                return take_order(f, &q, what);
        if (request_lacks_account(&q))
                return CLIENT_E_NO_ACCOUNT;
        /* Whether the CA has heard us, or holds it for too early, the order says (section 7.4). */
        if (q.outcome == REQUEST_LOST || (q.problem && problem_is(q.problem, "orderNotReady"))) {
                f->retry_after_usec = q.retry_after_usec;
                return q.outcome == REQUEST_LOST ? reread(f) : wait_and_reread(f);
        }
        return request_fail(c, &q, what);
}

static int download(OrderFlow *f, char **ret_chain)
{
        static const char what[] = "get the certificate";
        _cleanup_request_ Request q = {.kind = REQUEST_FETCH,
                                       .url = f->order->certificate,
                                       .wants_chain = true};
        int r;

        r = requests_perform(f->client, &q, 1);
        if (r != 0)
                return r;
        if (q.outcome == REQUEST_DONE) {
                if (memchr(q.reply.body, '\0', q.reply.body_length))
                        return request_fail_malformed(f->client, what, "a NUL byte");
                *ret_chain = TAKE_PTR(q.reply.body);
                return 0;
        }
        if (request_lacks_account(&q))
                return CLIENT_E_NO_ACCOUNT;
        if (f->is_resumed && q.reply.status == 404)
                return abandon(f, "its certificate is gone");
        return request_fail(f->client, &q, what);
}

static int download_and_install(OrderFlow *f, usec_t *ret_not_after_usec)
{
        _cleanup_free_ char *chain = NULL, *reason = NULL;
        Client *c = f->client;
        int r;

        progress("Installing the certificate");
        r = download(f, &chain);
        if (r == 0)
                r = signer_install(&c->signer, chain, ret_not_after_usec, &reason);
        if (r != CLIENT_E_CHAIN_REFUSED)
                return r;

        /* A certificate of an order that is not this run's may be for a key that is gone. */
        if (f->is_replaceable && (f->is_resumed || f->finalizations == 0))
                return abandon(f, "its certificate is none that we can have");
        (void) signer_forget_order(&c->signer);
        return failure_set(&c->failure,
                           EXIT_TRY_AGAIN,
                           "The CA's certificate was refused: %s; nothing was changed",
                           reason);
}

static int fail_invalid(OrderFlow *f)
{
        Client *c = f->client;
        int r;

        strv_free(TAKE_PTR(f->open));
        r = look_at_authorizations(f);
        if (r != 0)
                return r;
        (void) signer_forget_order(&c->signer);
        return failure_set_problem(&c->failure,
                                   "The CA has made the order invalid",
                                   f->order->error,
                                   PROBLEM_AT_VALIDATION,
                                   0);
}

/* Section 7.1.6: from status to status until the end. Each turn sends a request or waits, and both
 * are bounded. */
static int advance(OrderFlow *f, usec_t *ret_not_after_usec)
{
        int r = 0;

        while (r == 0)
                switch (f->order->status) {
                case ORDER_PENDING:
                        r = f->is_answered ? wait_and_reread(f) : answer(f);
                        break;
                case ORDER_READY:
                        r = finalize(f);
                        break;
                case ORDER_PROCESSING:
                        r = wait_and_reread(f);
                        break;
                case ORDER_VALID:
                        return download_and_install(f, ret_not_after_usec);
                case ORDER_INVALID:
                        return fail_invalid(f);
                }
        return r;
}

/* One order; url: an earlier run's, NULL: a new one. */
static int run_one(Client *c, bool is_resumed, bool is_replaceable, usec_t *ret_not_after_usec)
{
        _cleanup_(order_flow_done) OrderFlow f = {.client = c, .is_replaceable = is_replaceable};
        int r;

        r = is_resumed ? resume(&f) : create(&f);
        return r == 0 ? advance(&f, ret_not_after_usec) : r;
}

/* What is left to try after a run that came to no end. Return: 0: one more run. */
static int begin_again(Client *c, int why, bool *is_replaceable)
{
        switch (why) {
        case CLIENT_E_ORDER_ABANDONED:
                if (!*is_replaceable)
                        return failure_set(&c->failure,
                                           EXIT_TRY_AGAIN,
                                           "The new order leads as little to a certificate as the "
                                           "old one");
                *is_replaceable = false;
                return signer_forget_order(&c->signer);
        case CLIENT_E_NO_ACCOUNT:
                if (!c->has_registered_again)
                        return account_register_again(c);
                return failure_set(
                                &c->failure,
                                EXIT_REFUSED,
                                "The CA %s does not know the account that it has just registered",
                                c->about->ca);
        default:
                return why;
        }
}

int order_flow_run(Client *c, usec_t *ret_not_after_usec)
{
        bool is_resumed =
                        c->about->order && acme_url_has_origin(c->about->order, c->about->origins);
        bool is_replaceable = true;

        for (;;) {
                int r;

                r = run_one(c, is_resumed, is_replaceable, ret_not_after_usec);
                if (r == 0)
                        return 0;
                r = begin_again(c, r, &is_replaceable);
                if (r != 0)
                        return r;
                is_resumed = false;
        }
}
