/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SMTP (RFC 5321 section 4.2) and its STARTTLS (RFC 3207). A reply has one line or more, each with
 * the same code. */

#include "verify/reply-line.h"

/* keyword: what one of the lines behind the first must be, or NULL. */
static DialectOutcome
read_reply(const char *data, size_t length, size_t *ret_used, unsigned wanted, const char *keyword)
{
        bool has_more = true, has_keyword = !keyword;
        unsigned code = 0;
        size_t offset = 0;

        while (has_more) {
                bool is_first = offset == 0;
                DialectOutcome outcome;
                ReplyLine line;
                unsigned n;

                outcome = reply_line_next(data, length, &offset, &line);
                if (outcome != DIALECT_DONE)
                        return outcome;
                n = reply_line_code(&line, &has_more);
                if (n == 0 || (!is_first && n != code))
                        return DIALECT_MALFORMED;
                code = n;
                if (!is_first && !has_keyword && line.length > 4) {
                        const ReplyLine text = {line.text + 4, line.length - 4};

                        has_keyword = reply_line_has_word(&text, keyword);
                }
        }
        *ret_used = offset;
        return code == wanted && has_keyword ? DIALECT_DONE : DIALECT_REFUSED;
}

static DialectOutcome read_ready(const char *data, size_t length, size_t *ret_used)
{
        return read_reply(data, length, ret_used, 220, NULL);
}

static DialectOutcome read_extensions(const char *data, size_t length, size_t *ret_used)
{
        return read_reply(data, length, ret_used, 250, "STARTTLS");
}

const Dialect dialect_smtp = {
                .steps =
                                {
                                                {.read = read_ready},
                                                {DIALECT_REQUEST("EHLO localhost\r\n"),
                                                 .read = read_extensions},
                                                {DIALECT_REQUEST("STARTTLS\r\n"),
                                                 .read = read_ready},
                                },
                .n_steps = 3,
};
