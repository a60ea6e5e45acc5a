/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One order on its way, for the files that take it from its beginning to its end. What a function
 * returns is handed on by all of them: 0, -errno, or an outcome of failure.h. */

#include "acme/order.h"
#include "client/client.h"
#include "client/request.h"

typedef struct OrderFlow {
        Client *client;
        char *url;
        Order *order;
        bool is_resumed;     /* an earlier run made it */
        bool is_replaceable; /* a new one may be made when it leads nowhere; so is a resumed one */
        bool is_answered;
        bool is_early_tried; /* to finalize it before it was known to be ready */
        bool is_finalized;   /* the CA has taken our request for the certificate */
        const char *profile; /* the configured one that is ordered; NULL: the CA's choice */
        char **open;         /* URLs of authorizations that are not known to be valid */
        unsigned polls, finalizations;
        usec_t retry_after_usec; /* of the last reply about the order; 0: none */
} OrderFlow;

/* order-begin.c: makes a new order, or goes on with the one that the signer remembers.
 * Return: CLIENT_E_ORDER_ABANDONED, CLIENT_E_NO_ACCOUNT as well. */
int order_flow_create(OrderFlow *flow);
int order_flow_resume(OrderFlow *flow);

/* order-flow.c: the order as a reply has it, and as the CA has it now (section 7.4, POST-as-GET).
 * what: as for request_fail(). Return: CLIENT_E_ORDER_ABANDONED, and of the second
 * CLIENT_E_NO_ACCOUNT as well. */
int order_flow_take(OrderFlow *flow, const Request *request, const char *what);
int order_flow_reread(OrderFlow *flow);

/* The order leads nowhere. The second takes back what the CA waits for: of an order that is invalid
 * because one name failed, it still waits for the others. Return: CLIENT_E_ORDER_ABANDONED, and of
 * the second CLIENT_E_NO_ACCOUNT as well. */
int order_flow_abandon(OrderFlow *flow, const char *reason);
int order_flow_give_up(OrderFlow *flow, const char *reason);

/* Has one of the authorizations that were open failed? Return: 0: no; CLIENT_E_NO_ACCOUNT. */
int order_flow_check_authorizations(OrderFlow *flow);

/* order-end.c: an order that is valid, and one that is invalid. Return: CLIENT_E_ORDER_ABANDONED,
 * CLIENT_E_NO_ACCOUNT as well. */
int order_flow_install(OrderFlow *flow, usec_t *ret_not_after_usec);
int order_flow_fail_invalid(OrderFlow *flow);

/* chain-choice.c: of the chains that the CA has for the certificate the one that is wanted
 * (section 7.4.2). reply: the one that came first, and where the others are; its body may be taken.
 * ret: PEM that nobody has checked, owned. */
int chain_choose(OrderFlow *flow, HttpReply *reply, char **ret);

/* Is the body one of certificates, as far as that tells it from somebody's error page (section
 * 9.1)? All the rest is the signer's to check. */
bool reply_is_pem(const HttpReply *reply);
