/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whose turn it is to reload a unit, when several certificates have the same consumer: one at a
 * time, and who finds that it has been done since has nothing to do. */

#include "base/time-util.h"

typedef struct TurnTimes {
        /* When the last success of each began, monotonic; 0: none since boot. */
        usec_t reload_usec;
        usec_t restart_usec;
        /* And the last attempt that failed. */
        usec_t failed_usec;
} TurnTimes;

typedef struct Turn {
        int fd; /* the lock: lasts until this is closed */
        TurnTimes times;
} Turn;

/* directory: of one lock file per unit. Waits for whoever has the turn.
 * Return: 0; -ETIMEDOUT; -errno. */
int turn_take(const char *directory, const char *unit, usec_t deadline_monotonic_usec, Turn *ret);

/* Notes turn->times for the next. Return: 0, -errno. */
int turn_save(const Turn *turn);
void turn_done(Turn *turn);
