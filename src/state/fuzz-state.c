/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as state.json: refused, or read into something that goes out and comes back. */

#include "base/macro.h"
#include "state/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(state_freep) State *state = NULL, *again = NULL;
        _cleanup_free_ char *text = NULL;

        if (state_parse((const char *) data, size, &state) != 0)
                return 0;
        if (state_format(state, &text) < 0)
                abort();
        /* Pretty-printing may make a text that was just below the limit too large. */
        if (strlen(text) <= STATE_BYTES_MAX && state_parse(text, strlen(text), &again) != 0)
                abort();
        return 0;
}
