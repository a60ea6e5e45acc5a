/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Requests to the CA: plain ones, and signed ones (RFC 8555 section 6.2), many at a time. */

#include "client/client.h"
#include "client/request-rules.h"

typedef enum RequestKind {
        REQUEST_NEW_ACCOUNT,
        REQUEST_UPDATE_ACCOUNT,
        REQUEST_CHANGE_KEY,
        REQUEST_NEW_ORDER,
        REQUEST_FETCH, /* POST-as-GET */
        REQUEST_ANSWER_CHALLENGE,
        REQUEST_DEACTIVATE, /* an authorization */
        REQUEST_FINALIZE,
        REQUEST_REVOKE,
} RequestKind;

typedef enum RequestOutcome {
        REQUEST_PENDING,
        REQUEST_DONE,    /* status 2xx */
        REQUEST_REFUSED, /* any other; problem is the CA's explanation, or NULL */
        REQUEST_LOST,    /* nobody knows whether the CA has done it; never of a kind that may be
                            repeated */
} RequestOutcome;

typedef struct Request {
        RequestKind kind;
        const char *url; /* borrowed */
        bool wants_chain;
        /* REQUEST_NEW_ORDER: says which certificate is to be replaced, and by which profile it is
         * to be issued (borrowed; NULL: the CA's choice). */
        bool replaces;
        const char *profile;
        bool may_be_gone; /* REQUEST_FETCH of what an earlier run has left */

        RequestOutcome outcome;
        HttpReply reply;
        Problem *problem;
        usec_t retry_after_usec; /* of the reply; 0: none */

        RequestTries tries;
        usec_t not_before_usec; /* monotonic */
        bool is_under_way;
} Request;
void request_done(Request *request);
#define _cleanup_request_ _cleanup_(request_done)

/* Signs and sends them all and waits until each has its outcome. URLs of an origin that is not the
 * CA's end the run before anything is sent. */
int requests_perform(Client *client, Request requests[], size_t n);

/* The reason of a failure from a refused or lost request; what: "Failed to …". Return:
 * CLIENT_E_FAILED, -ENOMEM. */
int request_fail(Client *client, const Request *request, const char *what);

/* The reply is not what RFC 8555 says; field: the member that is wrong, may be NULL or empty.
 * Return: as above. */
int request_fail_malformed(Client *client, const char *what, const char *field);

/* Takes a failure back that is of no consequence. Return: 0; CLIENT_E_FAILED: it is one of the
 * whole run, in which a request is still under way. */
int requests_forgive(Client *client);

/* Is the CA telling that it does not know the account (section 7.3)? */
bool request_lacks_account(const Request *request);

/* Sends for n nonces at once, as far as they can go in parallel, and does not wait for them. */
int nonces_prefetch(Client *client, size_t n);

/* Waits until then, which the run's patience has been asked for, while nonces come in. */
int requests_pause(Client *client, usec_t until_usec);
