/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Is there anything to do? One short look at files before anything is begun: no signer, no network.
 */

#include "config/config.h"
#include "state/due.h"

#define CHECK_STATE_FILE "/run/acme/door/" STATE_FILE

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

/* The public state of the certificate, of this variant; NULL in *ret when it cannot be had. When an
 * administrator asked for a renewal; 0: nobody did. Return: 0, -ENOMEM. */
int check_load_state(const char *variant, State **ret);
usec_t check_requested_usec(const char *name);

/* Is it all but certain, before the signer has spoken, that the signer, port 80 and the CA will be
 * needed? state: NULL when there is none. */
bool check_is_surely_due(const Config *config, const State *state);

/* The whole look, as a start of the unit has it: now, and with $TRIGGER_UNIT. ret_until_usec: as
 * above. */
CheckVerdict check_run(const Config *config, const State *state, usec_t *ret_until_usec);
