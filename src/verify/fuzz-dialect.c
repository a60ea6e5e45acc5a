/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "verify/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which protocol and which step of it, the second where the reply is cut; the
 * rest is the reply. A cut reply may become anything, but what is said of it stays said. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        size_t used = SIZE_MAX, used_early = SIZE_MAX, length, cut;
        _cleanup_free_ char *early = NULL;
        DialectOutcome outcome, first;
        const DialectStep *step;
        const Dialect *dialect;
        const char *reply = (const char *) data + 2;

        if (size < 2)
                return 0;
        length = MIN(size - 2, (size_t) DIALECT_REPLY_MAX);
        dialect = dialect_get((StartTls) (STARTTLS_NONE + 1 + data[0] % (STARTTLS_MAX - 1)));
        step = dialect->steps + data[0] / (STARTTLS_MAX - 1) % dialect->n_steps;
        if (!step->read)
                return 0;
        outcome = step->read(reply, length, &used);
        assert(outcome < DIALECT_OUTCOME_MAX);
        assert(outcome != DIALECT_DONE || (used > 0 && used <= length));

        /* In memory of its own, so that a byte too many is seen. */
        cut = length * data[1] / 256;
        early = malloc(cut + 1);
        assert(early);
        memcpy(early, reply, cut);
        first = step->read(early, cut, &used_early);
        assert(first == DIALECT_MORE || first == outcome);
        assert(first != DIALECT_DONE || used_early == used);
        return 0;
}
