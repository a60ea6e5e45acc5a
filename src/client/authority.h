/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which CA of several a run talks to. The signer says; here everything that was begun with another
 * one is put away. */

#include "client/client.h"

/* The CA that the state says is the one to ask, before the signer is heard: what is begun with it
 * is begun early. state may be NULL. */
void authority_guess(Client *client, const State *state);

/* Asks the signer what it says (again), and has the run talk to the CA that it names. Return: as
 * every step. */
int authority_take(Client *client);

/* The connection, and all that was learnt over it: nothing of it is under way then. */
void authority_put_away(Client *client);

/* The second half: what the signer says is there. */
int authority_adopt(Client *client);

/* After a failure: goes on with the next CA, if there is one and the failure was this one's.
 * Return: 0; CLIENT_E_FAILED, and the failure stands; -errno. */
int authority_turn(Client *client);
