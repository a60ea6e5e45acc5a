/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How an order ends: with a certificate, which the signer checks before anything is replaced, or
 * with the reason why there is none. */

#include "client/choice.h"
#include "client/order-flow-internal.h"
#include "client/progress.h"

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
        if (q.outcome == REQUEST_DONE && reply_is_pem(&q.reply))
                return chain_choose(f, &q.reply, ret_chain);
        /* The certificate may be there all the same: the order is kept, and believed once more. */
        if (q.outcome == REQUEST_DONE)
                return f->is_resumed ? order_flow_abandon(f, "its certificate is none")
                                     : request_fail_malformed(f->client, what, "no certificate");
        if (request_lacks_account(&q))
                return CLIENT_E_NO_ACCOUNT;
        if (f->is_resumed && q.reply.status == 404)
                return order_flow_abandon(f, "its certificate is gone");
        return request_fail(f->client, &q, what);
}

int order_flow_install(OrderFlow *f, usec_t *ret_not_after_usec)
{
        _cleanup_free_ char *chain = NULL, *reason = NULL;
        Client *c = f->client;
        int r;

        progress("Installing the certificate");
        r = download(f, &chain);
        if (r == 0)
                r = choice_remember(c);
        if (r == 0)
                r = signer_install(&c->signer, chain, ret_not_after_usec, &reason);
        if (r != CLIENT_E_CHAIN_REFUSED)
                return r;

        /* A certificate of an order that is not this run's may be for a key that is gone. */
        if (f->is_replaceable && (f->is_resumed || f->finalizations == 0))
                return order_flow_abandon(f, "its certificate is none that we can have");
        (void) signer_forget_order(&c->signer);
        return failure_set(&c->failure,
                           EXIT_TRY_AGAIN,
                           "The CA's certificate was refused: %s; nothing was changed",
                           reason);
}

/* No name has failed, the order has never been ready, and the CA does not say what else was wrong:
 * it may not only have refused to finalize it, as section 7.4 has it. */
static bool may_be_for_our_haste(const OrderFlow *f)
{
        const Problem *error = f->order->error;

        return f->is_early_tried && !f->client->is_authorized &&
               (!error || problem_is(error, "orderNotReady") || problem_is(error, "malformed"));
}

int order_flow_fail_invalid(OrderFlow *f)
{
        Client *c = f->client;
        int r;

        strv_free(TAKE_PTR(f->open));
        r = order_flow_check_authorizations(f);
        if (r != 0)
                return r;
        if (may_be_for_our_haste(f)) {
                c->is_early_harmful = true;
                return order_flow_give_up(f, "it is invalid, and no name has failed");
        }
        (void) signer_forget_order(&c->signer);
        return failure_set_problem(&c->failure,
                                   "The CA has made the order invalid",
                                   f->order->error,
                                   PROBLEM_AT_VALIDATION,
                                   0);
}
