/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The state as a struct. What it looks like in the file is in state-parse.c and state-format.c. */

#include "state/state.h"

int state_new(State **ret)
{
        State *state = calloc(1, sizeof(State));

        if (!state)
                return -ENOMEM;
        *ret = state;
        return 0;
}

void state_certificate_done(StateCertificate *certificate)
{
        free(certificate->generation);
        free(certificate->serial);
        free(certificate->fingerprint);
        free(certificate->issuer);
        strv_free(certificate->identifiers);
        free(certificate->key_type);
        free(certificate->directory);
        *certificate = (StateCertificate){};
}

void state_order_done(StateOrder *order)
{
        free(order->url);
        strv_free(order->identifiers);
        free(order->directory);
        *order = (StateOrder){};
}

void state_failure_done(StateFailure *failure)
{
        free(failure->problem);
        free(failure->detail);
        free(failure->settings);
        *failure = (StateFailure){};
}

void state_free(State *state)
{
        if (!state)
                return;
        state_certificate_done(&state->certificate);
        state_order_done(&state->order);
        state_failure_done(&state->failure);
        free(state);
}
