/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How long a run waits for a CA: for its validation, its issuance, and where it says Retry-After.
 * All moments are monotonic. */

#include "base/time-util.h"

/* Longer waits are the timer's: a run holds a lease on port 80. */
#define PATIENCE_MAX_USEC (60 * USEC_PER_SEC)

/* A run in which every request takes its whole time ends here all the same. Each CA that is left
 * has an equal share, so that one that hangs leaves time for the next. */
#define RUN_MAX_USEC (5 * USEC_PER_MINUTE)

/* Polling when the CA gives no Retry-After: it begins while a quick CA is at work, ... */
#define POLL_FIRST_USEC (5 * USEC_PER_MSEC)
/* ... and ends up at a pace that costs nobody anything. */
#define POLL_LAST_USEC (5 * USEC_PER_SEC)

typedef struct Patience {
        usec_t left_usec;     /* of waiting */
        usec_t until_usec;    /* what has been paid for already; waits side by side count once */
        usec_t deadline_usec; /* of what is under way with this CA */
        usec_t span_usec;     /* until then, from its beginning */
        usec_t end_usec;      /* of the whole run */
} Patience;

void patience_init(Patience *patience, usec_t now_usec);

/* With the next CA: waiting begins anew, within the share of one of n. */
void patience_turn(Patience *patience, usec_t now_usec, size_t n);

/* Can we wait until then? If so, it is taken from what is left. */
bool patience_take(Patience *patience, usec_t now_usec, usec_t until_usec);

/* The pause before the n-th poll, counted from 0. */
usec_t poll_pause_usec(unsigned n);

/* A server that has been told to load its configuration, by a deployment just before perhaps,
 * answers from the old one for a moment more. After n wrong answers of a server: pauses until it is
 * to be asked again, one and a half seconds in all. Return: is it? */
bool reload_pause(unsigned n);

/* Are the authorizations to be looked at after n polls of an order that is still pending? */
bool poll_looks_at_authorizations(unsigned n);
