/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A run over the types of KeyType=. Each has an order of its own, one after the other, over the
 * connection and the proofs that the first has made. With one type nothing of this costs a call. */

#include "client/client.h"

/* The quick look, for each type: files only. c->verdict is CHECK_RUN when one has something to do.
 * ret_is_early: is it all but certain, without the signer's word, that everything will be needed?
 * Return: 0, -ENOMEM. */
int key_types_look(Client *client, bool *ret_is_early);

/* Is the type under way to be left alone, since it was tried not long ago? */
bool key_types_is_put_off(const Client *client);

/* How many CAs are left to be asked in this run, by all types: the run's time is shared. */
size_t key_types_shares(const Client *client);

/* Nothing is done for one of them. */
void key_types_note_idle(Client *client, CheckVerdict verdict, usec_t next, usec_t not_after);

/* Turns to the next type. Return: 1; 0 when there is none, or the signer does not know of any. */
int key_types_next(Client *client);

/* A failure that the next type would have as well, which is not worth another order: it is noted
 * for that type, too, if it is due. */
void key_types_share_failure(Client *client);
