/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The challenge rooms of one run: which are needed, that they are up and would give a CA the right
 * answer, and that they publish what it asks for. */

#include "client/client.h"

/* One challenge to be answered; borrowed. */
typedef struct Proof {
        ChallengeType type;
        Publication publication;
} Proof;

/* Knocks at those rooms that will be needed as far as the configuration tells; does not wait, and
 * does nothing at the second call. */
int proofs_begin(Client *client);

/* Waits until they are up, and looks as a CA would: an order that must fail counts against its
 * limits. */
int proofs_await(Client *client);

/* All rooms at once, also one that nothing was expected of. */
int proofs_publish(Client *client, const Proof *list, size_t n);

/* Is everything public still? */
int proofs_check(Client *client);
