/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What to do about the reply to a signed request: a decision without I/O. */

#include "acme/problem.h"
#include "client/http.h"

/* RFC 8555 section 6.5: a badNonce is answered with a fresh nonce. One request is tried so often
 * anew ... */
#define BAD_NONCE_TRIES 5U
/* ... and made as a new one so often, after a pause in which a CA's nonces may come together again.
 * Of a CA that rejects half of all nonces, one request in a quarter of a million fails that way; in
 * two rounds it would be one in four thousand, which is a renewal in a few hundred. */
#define BAD_NONCE_ROUNDS 3U
#define BAD_NONCE_PAUSE_USEC (500 * USEC_PER_MSEC)

/* A request that may be repeated is, when the connection broke: after 100 ms, and after 1 s. */
#define LOST_TRIES 2U

/* A CA that is busy says when to come back (section 6.6), and is believed so often; one that says
 * "now" is given a moment all the same. */
#define BUSY_TRIES 5U
#define BUSY_PAUSE_MIN_USEC USEC_PER_SEC

/* What kind of request it is. */
typedef struct RequestNature {
        bool is_repeatable; /* the CA may do it twice and nothing is the worse */
        bool must_exist;    /* of what the CA has named in this run */
} RequestNature;

/* Failures of one request so far. */
typedef struct RequestTries {
        unsigned bad_nonces, lost, busy;
} RequestTries;

typedef enum Reaction {
        REACTION_DONE,    /* the CA has done it */
        REACTION_AGAIN,   /* the same request with a fresh nonce, after the pause */
        REACTION_REFUSED, /* the CA has refused it: the problem says why */
        REACTION_LOST,    /* nobody knows whether the CA has done it */
        REACTION_FAILED,  /* there is nothing to be had from this CA now: the reply's error says why
                           */
} Reaction;

typedef struct Verdict {
        Reaction reaction;
        usec_t pause_usec; /* before the next try */
} Verdict;

/* problem: of the reply, NULL: none. retry_after_usec: the reply's, NULL: it has none. */
Verdict request_judge(const HttpReply *reply,
                      const Problem *problem,
                      RequestNature nature,
                      const usec_t *retry_after_usec,
                      const RequestTries *tries);
