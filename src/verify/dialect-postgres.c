/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PostgreSQL's SSLRequest ("Frontend/Backend Protocol", section "SSL Session Encryption"): a
 * message of eight bytes, and one byte for an answer. */

#include "verify/dialect.h"

static DialectOutcome read_answer(const char *data, size_t length, size_t *ret_used)
{
        if (length == 0)
                return DIALECT_MORE;
        *ret_used = 1;
        switch (data[0]) {
        case 'S':
                return DIALECT_DONE;
        case 'N':
        case 'E': /* an ErrorResponse follows: too many clients, or a very old server */
                return DIALECT_REFUSED;
        default:
                return DIALECT_MALFORMED;
        }
}

const Dialect dialect_postgres = {
                .steps = {{DIALECT_REQUEST("\x00\x00\x00\x08\x04\xd2\x16\x2f"),
                           .read = read_answer}},
                .n_steps = 1,
};
