/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* ExecCondition=: is there anything to do? One short look at files; no signer, no network. */

#include "base/exit-status.h"
#include "config/config.h"
#include "state/due.h"

#define CHECK_STATE_FILE "/run/acme/door/state.json"

typedef enum CheckVerdict {
        CHECK_RUN,       /* something is due, or the signer has to look */
        CHECK_NOT_DUE,   /* not before *ret_until_usec */
        CHECK_TOO_EARLY, /* due, but the last failure's next attempt lies ahead, at *ret_until_usec
                          */
} CheckVerdict;

/* state: NULL when there is none, or none that can be read. settings: due_settings_fingerprint() of
 * config. is_timer: nobody has asked by hand. */
CheckVerdict check_decide(const State *state,
                          const Config *config,
                          const char *settings,
                          usec_t requested_usec,
                          bool is_timer,
                          usec_t now_usec,
                          usec_t *ret_until_usec);

/* The public state of the certificate; NULL in *ret when it cannot be had. When an administrator
 * asked for a renewal; 0: nobody did. Return: 0, -ENOMEM. */
int check_load_state(State **ret);
usec_t check_requested_usec(const char *name);

/* Is it all but certain, before the signer has spoken, that the signer, port 80 and the CA will be
 * needed? state: NULL when there is none. */
bool check_is_surely_due(const Config *config, const State *state);

/* The whole of --check. When it is to run, the doors are knocked at, so that PID 1 starts what is
 * behind them while it starts the rest of this unit. Return: EXIT_SKIP; EXIT_DONE when the renewal
 * is to run, also on any error: it will say what is wrong. */
ExitStatus check_run(const char *name);
