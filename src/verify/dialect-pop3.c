/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* POP3 (RFC 1939 section 3) and its STLS (RFC 2595 section 4). */

#include "verify/reply-line.h"

static DialectOutcome read_status(const char *data, size_t length, size_t *ret_used)
{
        DialectOutcome outcome;
        size_t offset = 0;
        ReplyLine line;

        outcome = reply_line_next(data, length, &offset, &line);
        if (outcome != DIALECT_DONE)
                return outcome;
        *ret_used = offset;
        if (reply_line_has_word(&line, "+OK"))
                return DIALECT_DONE;
        return reply_line_has_word(&line, "-ERR") ? DIALECT_REFUSED : DIALECT_MALFORMED;
}

const Dialect dialect_pop3 = {
                .steps =
                                {
                                                {.read = read_status},
                                                {DIALECT_REQUEST("STLS\r\n"), .read = read_status},
                                },
                .n_steps = 2,
};
