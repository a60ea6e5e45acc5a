/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which CA of several a run begins with. One rule, for the client, which connects before the
 * signer has answered, and for the signer, whose word counts. */

#include "state/due.h"

/* Is it too early to try again after this failure? Not when the settings are others (settings:
 * due_settings_fingerprint(), NULL: not known) or when somebody has asked since. A failure in the
 * future is of a clock that went wrong. */
bool failure_puts_off(const StateFailure *failure,
                      const char *settings,
                      usec_t requested_usec,
                      usec_t now_usec);

/* What the state says of this CA; NULL: nothing. */
StateFailure *authority_failure(State *state, const char *directory);

/* The same; begun when there is nothing. Room is made by forgetting CAs that are not configured any
 * more. Return: 0; -ENOMEM. */
int authority_add(State *state, const Config *config, const char *directory, StateFailure **ret);

/* It works (again). */
void authority_forget(State *state, const char *directory);

/* The place in config->cas: of the CA that has issued, when nothing is due; else of the first that
 * is not put off. Where all are, of the one that is so for the shortest time. state: NULL: nothing
 * is known. */
size_t authority_choose(const State *state,
                        const Config *config,
                        DueReason due,
                        usec_t requested_usec,
                        usec_t now_usec);

/* The place of the next one behind this failure: the first that is neither put off nor among
 * those that have been tried, bits by place. Return: n_cas when there is none. */
size_t authority_next(const State *state,
                      const Config *config,
                      unsigned tried,
                      usec_t requested_usec,
                      usec_t now_usec);

/* For how long all CAs but this one want to be left alone; 0 when one of them does not. Return:
 * USEC_INFINITY when there is no other. */
usec_t authority_others_span(const State *state,
                             const Config *config,
                             const char *directory,
                             usec_t now_usec);
