/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A lease: a connection to the challenge room of one type (varlink/io.acmeward.Challenge.varlink).
 * While it lasts, what was published on it is public, and what it is looked at through, port 80 for
 * http-01, is open. */

#include "acme/challenge-type.h"
#include "base/strv.h"
#include "client/failure.h"
#include "varlink/varlink-client.h"

typedef struct Lease {
        ChallengeType type;
        VarlinkClient *client;  /* NULL: not taken */
        const char *identifier; /* whose our own token is; borrowed */
        char *token;            /* for the look before an order; NULL: there is none */
        bool is_ready;          /* the look has been taken, or is none */
} Lease;

/* What is to be proved (RFC 8555 section 8.1); borrowed. */
typedef struct Publication {
        const char *identifier, *token;
        const char *issuer, *account_uri; /* of dns-persist-01, which has no token */
} Publication;

/* "port 80": through what a CA looks. */
const char *lease_place(ChallengeType type);

/* Knocks, which has PID 1 begin what the room needs; does not wait. For a type that can be looked
 * at from here, a token of our own is published for identifier. Nothing at the second call. */
int lease_open_send(Lease *lease, ChallengeType type, const char *identifier, Failure *failure);

/* Waits until that token is public. ret_answer: what a CA has to find for it, owned; NULL when
 * nothing can be looked at. Return: LEASE_E_BUSY when another certificate's room has that
 * identifier just now, and of each there can be one; as every step. */
enum {
        LEASE_E_BUSY = 100,
};
int lease_open_receive(Lease *lease, Failure *failure, char **ret_answer);

/* Asks for it once more, after LEASE_E_BUSY. */
int lease_open_again(Lease *lease, Failure *failure);

/* Can the room itself say beforehand whether it will work, without publishing anything? */
bool lease_is_checked(ChallengeType type);
/* Asks it. identifiers: without "*.". */
int lease_check_send(Lease *lease, Failure *failure, char *const *identifiers);
int lease_check_receive(Lease *lease, Failure *failure);

/* Publishes what the CA asks for, and waits until it is public; LEASE_E_BUSY as above. */
int lease_publish_send(Lease *lease, Failure *failure, const Publication *list, size_t n);
int lease_publish_receive(Lease *lease, Failure *failure);

/* Has the challenge room gone, and with it what was published? */
bool lease_is_lost(const Lease *lease);

/* Says so. Return: CLIENT_E_FAILED; -ENOMEM. */
int lease_fail_lost(const Lease *lease, Failure *failure);

void lease_done(Lease *lease);
