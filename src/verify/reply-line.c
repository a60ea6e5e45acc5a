/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines of text, as mail, news and file servers send them. */

#include "verify/reply-line.h"

#include <strings.h>

DialectOutcome reply_line_next(const char *data, size_t length, size_t *offset, ReplyLine *ret)
{
        const char *begin = data + *offset;
        size_t left = MIN(length - *offset, (size_t) REPLY_LINE_MAX + 2), n;
        const char *end = left > 0 ? memchr(begin, '\n', left) : NULL;

        if (memchr(begin, 0, end ? (size_t) (end - begin) : left))
                return DIALECT_MALFORMED;
        if (!end)
                return left == REPLY_LINE_MAX + 2 ? DIALECT_MALFORMED : DIALECT_MORE;
        n = (size_t) (end - begin);
        *offset += n + 1;
        if (n > 0 && begin[n - 1] == '\r')
                n--;
        *ret = (ReplyLine){.text = begin, .length = n};
        return DIALECT_DONE;
}

bool reply_line_has_word(const ReplyLine *line, const char *word)
{
        size_t n = strlen(word);

        return line->length >= n && strncasecmp(line->text, word, n) == 0 &&
               (line->length == n || line->text[n] == ' ');
}

unsigned reply_line_code(const ReplyLine *line, bool *ret_has_more)
{
        unsigned code = 0;

        if (line->length < 3 || line->text[0] < '1' || line->text[0] > '5')
                return 0;
        for (size_t i = 0; i < 3; i++) {
                if (line->text[i] < '0' || line->text[i] > '9')
                        return 0;
                code = code * 10 + (unsigned) (line->text[i] - '0');
        }
        if (line->length > 3 && line->text[3] != ' ' && line->text[3] != '-')
                return 0;
        *ret_has_more = line->length > 3 && line->text[3] == '-';
        return code;
}
