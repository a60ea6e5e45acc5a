/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lease on port 80: a connection to the challenge room
 * (varlink/io.acmeward.Challenge.varlink). While it lasts, what was published on it is public. */

#include "base/strv.h"
#include "client/failure.h"
#include "varlink/varlink-client.h"

#define CHALLENGE_DOOR "/run/acme/door/challenge"

typedef struct Lease {
        VarlinkClient *client; /* NULL: not taken */
        char *token;           /* our own, for the self-check */
} Lease;

/* Makes a token and asks for its publication, which opens port 80; does not wait. Nothing at the
 * second call. */
int lease_open_send(Lease *lease, Failure *failure);

/* Waits until it is public. ret_key_authorization: what is to be answered for lease->token; owned.
 */
int lease_open_receive(Lease *lease, Failure *failure, char **ret_key_authorization);

/* Publishes the CA's tokens and waits until they are. */
int lease_publish(Lease *lease, Failure *failure, char *const *tokens);

/* Has the challenge room gone, and with it what was published? */
bool lease_is_lost(const Lease *lease);

void lease_done(Lease *lease);
