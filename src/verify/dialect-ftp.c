/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* FTP (RFC 959 section 4.2) and its AUTH TLS (RFC 4217 section 4). A reply of several lines ends
 * with one that begins as the first did, with a space for the "-"; what is between is free. */

#include "verify/reply-line.h"

/* One reply from *offset on. */
static DialectOutcome read_one(const char *data, size_t length, size_t *offset, unsigned *ret_code)
{
        bool has_more = false;
        DialectOutcome outcome;
        ReplyLine line;
        unsigned code;

        outcome = reply_line_next(data, length, offset, &line);
        if (outcome != DIALECT_DONE)
                return outcome;
        code = reply_line_code(&line, &has_more);
        if (code == 0)
                return DIALECT_MALFORMED;
        while (has_more) {
                bool is_continued = true;

                outcome = reply_line_next(data, length, offset, &line);
                if (outcome != DIALECT_DONE)
                        return outcome;
                if (reply_line_code(&line, &is_continued) == code)
                        has_more = is_continued;
        }
        *ret_code = code;
        return DIALECT_DONE;
}

static DialectOutcome read_reply(const char *data, size_t length, size_t *ret_used, unsigned wanted)
{
        DialectOutcome outcome;
        size_t offset = 0;
        unsigned code = 0;

        /* "120 Service ready in nnn minutes" announces another reply. */
        do
                outcome = read_one(data, length, &offset, &code);
        while (outcome == DIALECT_DONE && code < 200);
        if (outcome != DIALECT_DONE)
                return outcome;
        *ret_used = offset;
        return code == wanted ? DIALECT_DONE : DIALECT_REFUSED;
}

static DialectOutcome read_ready(const char *data, size_t length, size_t *ret_used)
{
        return read_reply(data, length, ret_used, 220);
}

static DialectOutcome read_auth(const char *data, size_t length, size_t *ret_used)
{
        return read_reply(data, length, ret_used, 234);
}

const Dialect dialect_ftp = {
                .steps =
                                {
                                                {.read = read_ready},
                                                {DIALECT_REQUEST("AUTH TLS\r\n"),
                                                 .read = read_auth},
                                },
                .n_steps = 2,
};
