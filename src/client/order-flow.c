/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One order.
 *
 * The order's status, as the CA tells it, is all that decides what comes next; of what was sent
 * before, nothing is remembered but what would only be sent twice. So an order that is ready,
 * processing or valid at birth, one that an earlier run left behind, and one whose reply was lost
 * on the way all take the same road: read it, do what its status asks for, read it again. An order
 * of an earlier run that leads nowhere is given up for a new one, once. */

#include "client/order-flow.h"

#include "acme/url.h"
#include "base/audit.h"
#include "client/account-flow.h"
#include "client/authorization-flow.h"
#include "client/order-flow-internal.h"
#include "client/progress.h"
#include "client/proof-flow.h"

/* A CA whose finalization we have asked for so often without a change of the order has a problem.
 */
#define FINALIZE_TRIES 3U

/* One that has taken it, but still has the order ready, is looked at so often, for about a second,
 * before it is asked again: section 7.4 has the order leave that state with the reply. */
#define FINALIZE_POLLS 10U

static const char finalizing[] = "finalize the order";

static void order_flow_done(OrderFlow *f)
{
        free(f->url);
        strv_free(f->open);
        order_free(f->order);
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

int order_flow_take(OrderFlow *f, const Request *q, const char *what)
{
        _cleanup_(order_freep) Order *order = NULL;
        bool is_verified;
        const char *field;
        int r;

        r = order_parse(q->reply.body, q->reply.body_length, &order, &field);
        if (r == -EBADMSG)
                return f->is_resumed ? order_flow_abandon(f, "it cannot be read")
                                     : request_fail_malformed(f->client, what, field);
        if (r < 0)
                return r;
        is_verified = f->is_answered && f->order->status == ORDER_PENDING &&
                      order->status != ORDER_PENDING && order->status != ORDER_INVALID;
        order_free(f->order);
        f->order = TAKE_PTR(order);
        f->retry_after_usec = q->retry_after_usec;
        return is_verified ? audit_verified(f) : 0;
}

int order_flow_abandon(OrderFlow *f, const char *reason)
{
        audit(AUDIT_ORDER_ABANDONED,
              "Gave up an order, to make a new one",
              {AUDIT_ORDER, f->url},
              {AUDIT_REASON, reason},
              {AUDIT_CA, f->client->about->ca});
        return CLIENT_E_ORDER_ABANDONED;
}

int order_flow_give_up(OrderFlow *f, const char *reason)
{
        int r = 0;

        if (f->order->status == ORDER_PENDING || f->order->status == ORDER_INVALID)
                r = authorizations_give_up(f->client, f->order);
        return r == 0 ? order_flow_abandon(f, reason) : r;
}

/* Reads the order (section 7.4, POST-as-GET). */
int order_flow_reread(OrderFlow *f)
{
        static const char what[] = "look at the order";
        _cleanup_request_ Request q = {.kind = REQUEST_FETCH,
                                       .url = f->url,
                                       .may_be_gone = f->is_resumed};
        int r;

        r = requests_perform(f->client, &q, 1);
        if (r != 0)
                return r;
        if (q.outcome == REQUEST_DONE)
                return order_flow_take(f, &q, what);
        if (request_lacks_account(&q))
                return CLIENT_E_NO_ACCOUNT;
        /* Gone, or another account's: CAs say so with 404 or 403 and with various problems. */
        if (f->is_resumed && q.reply.status >= 400 && q.reply.status < 500 && q.reply.status != 429)
                return order_flow_abandon(f, "the CA does not give it to us any more");
        return request_fail(f->client, &q, what);
}

int order_flow_check_authorizations(OrderFlow *f)
{
        int r = 0;

        if (!f->open)
                r = strv_copy(f->order->authorizations, &f->open);
        if (r == 0)
                r = authorizations_check(f->client, f->order, &f->open);
        return r;
}

/* Waits as long as the CA asks for, or as polls go. */
static int wait_for_ca(OrderFlow *f)
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
                /* One that had a whole run before has been given its chance. */
                c->failure.is_of_this_ca = f->is_resumed;
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "The CA takes longer than a run waits over the order, which is "
                                   "still %s; "
                                   "the next attempt goes on with it",
                                   order_status_to_string(f->order->status));
        }
        r = requests_pause(c, until_usec);
        if (r == 0 && f->order->status == ORDER_PENDING)
                r = proofs_check(c);
        return r;
}

static int wait_and_reread(OrderFlow *f)
{
        int r;

        r = wait_for_ca(f);
        if (r != 0)
                return r;
        f->polls++;
        /* Section 7.1.6 has the order follow its authorizations; not every CA is quick to. */
        if (f->order->status == ORDER_PENDING && poll_looks_at_authorizations(f->polls)) {
                r = order_flow_check_authorizations(f);
                if (r != 0)
                        return r;
        }
        return order_flow_reread(f);
}

/* Return: 0, and q->outcome says more; when the CA has taken it, f->order is what it has made of
 * the order. CLIENT_E_NO_ACCOUNT as well. */
static int ask_for_certificate(OrderFlow *f, Request *q)
{
        int r;

        *q = (Request){.kind = REQUEST_FINALIZE, .url = f->order->finalize};
        r = requests_perform(f->client, q, 1);
        if (r != 0)
                return r;
        if (request_lacks_account(q))
                return CLIENT_E_NO_ACCOUNT;
        if (q->outcome != REQUEST_DONE) {
                f->retry_after_usec = q->retry_after_usec;
                return 0;
        }
        r = order_flow_take(f, q, finalizing);
        f->is_finalized = r == 0 && f->order->status != ORDER_PENDING;
        return r;
}

/* Section 7.4 has us ask for the certificate as soon as we believe to have done what the CA wants,
 * and has it refuse with orderNotReady what comes too early. So the first look at an order whose
 * challenges are answered is that request: a CA that has verified the names meanwhile is spared a
 * look, and the run a round trip. From then on only the order says what is so. */
static bool is_early_worth_it(const OrderFlow *f)
{
        return !f->is_early_tried && !f->is_resumed && f->is_replaceable &&
               !f->client->is_early_harmful;
}

/* What the CA would answer to any other request as well, and the order says nothing about. */
static bool is_about_requests(const Request *q)
{
        return q->reply.status < 400 || q->reply.status == 429 || q->reply.status == 503 ||
               (q->problem &&
                (problem_is(q->problem, "badNonce") || problem_is(q->problem, "rateLimited")));
}

/* Why the CA refuses it is told when it does so with an order that is ready. */
static int finalize_early(OrderFlow *f)
{
        _cleanup_request_ Request q = {};
        int r;

        f->is_early_tried = true;
        r = ask_for_certificate(f, &q);
        if (r == 0 && q.outcome == REQUEST_REFUSED && is_about_requests(&q))
                r = request_fail(f->client, &q, finalizing);
        if (r != 0 || q.outcome == REQUEST_REFUSED)
                return r;
        /* One that is lost may have been heard. */
        f->finalizations++;
        if (f->is_finalized)
                progress("Waiting for the certificate");
        return 0;
}

static int wait_and_finalize(OrderFlow *f)
{
        int r;

        r = wait_for_ca(f);
        f->polls++;
        return r == 0 ? finalize_early(f) : r;
}

static int answer(OrderFlow *f)
{
        int r;

        r = authorizations_answer(f->client, f->order, &f->retry_after_usec);
        if (r != 0 && r != CLIENT_E_ALL_VALID)
                return r;
        f->is_answered = true;
        f->polls = 0;
        if (r == 0)
                return 0;
        return is_early_worth_it(f) ? finalize_early(f) : order_flow_reread(f);
}

static int finalize(OrderFlow *f)
{
        _cleanup_request_ Request q = {};
        Client *c = f->client;
        int r;

        if (f->finalizations++ >= FINALIZE_TRIES)
                return failure_set_of_this_ca(
                                &c->failure,
                                EXIT_TRY_AGAIN,
                                "Failed to %s: the CA has been asked %u times, and the order is "
                                "still ready",
                                finalizing,
                                FINALIZE_TRIES);
        progress("Asking for the certificate");
        f->polls = 0;
        r = ask_for_certificate(f, &q);
        if (r != 0 || q.outcome == REQUEST_DONE)
                return r;
        /* Whether the CA has heard us, or holds it for too early, the order says (section 7.4). */
        if (q.outcome == REQUEST_LOST)
                return order_flow_reread(f);
        if (q.problem && problem_is(q.problem, "orderNotReady"))
                return wait_and_reread(f);
        return request_fail(c, &q, finalizing);
}

/* Section 7.1.6: from status to status until the end. Each turn sends a request or waits, and both
 * are bounded. */
static int advance(OrderFlow *f, usec_t *ret_not_after_usec)
{
        int r = 0;

        while (r == 0) {
                OrderStatus status = f->order->status;

                if (status != ORDER_PENDING && status != ORDER_INVALID)
                        f->client->is_authorized = true;
                switch (status) {
                case ORDER_PENDING:
                        r = !f->is_answered        ? answer(f)
                            : is_early_worth_it(f) ? wait_and_finalize(f)
                                                   : wait_and_reread(f);
                        break;
                case ORDER_READY:
                        r = f->is_finalized && f->polls < FINALIZE_POLLS ? wait_and_reread(f)
                                                                         : finalize(f);
                        break;
                case ORDER_PROCESSING:
                        r = wait_and_reread(f);
                        break;
                case ORDER_VALID:
                        return order_flow_install(f, ret_not_after_usec);
                case ORDER_INVALID:
                        return order_flow_fail_invalid(f);
                }
        }
        return r;
}

/* One order; url: an earlier run's, NULL: a new one. */
static int run_one(Client *c, bool is_resumed, bool is_replaceable, usec_t *ret_not_after_usec)
{
        _cleanup_(order_flow_done) OrderFlow f = {.client = c, .is_replaceable = is_replaceable};
        int r;

        c->is_authorized = false;
        r = is_resumed ? order_flow_resume(&f) : order_flow_create(&f);
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
