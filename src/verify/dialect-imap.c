/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* IMAP (RFC 9051 section 2.2.2) and its STARTTLS (section 6.2.1). */

#include "verify/reply-line.h"

/* A server that says anything else than OK has nothing for us: PREAUTH may not change to TLS any
 * more, BYE goes. */
static DialectOutcome read_greeting(const char *data, size_t length, size_t *ret_used)
{
        DialectOutcome outcome;
        size_t offset = 0;
        ReplyLine line;

        outcome = reply_line_next(data, length, &offset, &line);
        if (outcome != DIALECT_DONE)
                return outcome;
        *ret_used = offset;
        if (reply_line_has_word(&line, "* OK"))
                return DIALECT_DONE;
        return reply_line_has_word(&line, "* PREAUTH") || reply_line_has_word(&line, "* BYE")
                               ? DIALECT_REFUSED
                               : DIALECT_MALFORMED;
}

static DialectOutcome read_answer(const char *data, size_t length, size_t *ret_used)
{
        size_t offset = 0;

        for (;;) {
                DialectOutcome outcome;
                ReplyLine line;

                outcome = reply_line_next(data, length, &offset, &line);
                if (outcome != DIALECT_DONE)
                        return outcome;
                *ret_used = offset;
                if (reply_line_has_word(&line, "* BYE"))
                        return DIALECT_REFUSED;
                if (reply_line_has_word(&line, "*"))
                        continue;
                if (reply_line_has_word(&line, "a1 OK"))
                        return DIALECT_DONE;
                return reply_line_has_word(&line, "a1 NO") || reply_line_has_word(&line, "a1 BAD")
                                       ? DIALECT_REFUSED
                                       : DIALECT_MALFORMED;
        }
}

const Dialect dialect_imap = {
                .steps =
                                {
                                                {.read = read_greeting},
                                                {DIALECT_REQUEST("a1 STARTTLS\r\n"),
                                                 .read = read_answer},
                                },
                .n_steps = 2,
};
