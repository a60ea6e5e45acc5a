/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* XMPP's STARTTLS (RFC 6120 section 5). Of XML only what RFC 6120 section 11.1 allows is read: an
 * XML declaration, tags with attributes, text; no comment, no DOCTYPE, no other instruction. A
 * reader of tags is enough, since what is looked for are tags by their names; depth is counted so
 * that a stranger's nesting means nothing. */

#include "verify/dialect.h"

#define NAMESPACE "urn:ietf:params:xml:ns:xmpp-tls"

#define BLANKS " \t\r\n"

typedef struct Tag {
        const char *text; /* between < and > */
        size_t length;
        const char *name; /* without a prefix */
        size_t name_length;
        bool is_end, is_empty;
} Tag;

static bool tag_is(const Tag *tag, const char *name)
{
        return tag->name_length == strlen(name) && memcmp(tag->name, name, tag->name_length) == 0;
}

static bool has_namespace(const Tag *tag)
{
        return memmem(tag->text, tag->length, NAMESPACE, strlen(NAMESPACE));
}

static bool is_blank(char c)
{
        return c != 0 && strchr(BLANKS, c);
}

/* From the < at *offset to its >, which is not one inside of quotes. */
static DialectOutcome find_end(const char *data, size_t length, size_t *offset)
{
        char quote = 0;

        for (size_t i = *offset + 1; i < length; i++) {
                if (data[i] == 0 || (!quote && data[i] == '<'))
                        return DIALECT_MALFORMED;
                if (quote) {
                        if (data[i] == quote)
                                quote = 0;
                } else if (data[i] == '"' || data[i] == '\'')
                        quote = data[i];
                else if (data[i] == '>') {
                        *offset = i;
                        return DIALECT_DONE;
                }
        }
        return DIALECT_MORE;
}

static bool parse_tag(const char *text, size_t length, Tag *ret)
{
        Tag tag = {.text = text, .length = length};
        size_t n = 0, begin = 0;

        if (length > 0 && text[0] == '/') {
                tag.is_end = true;
                begin = 1;
        } else if (length > 0 && text[length - 1] == '/') {
                tag.is_empty = true;
                length--;
        }
        n = begin;
        while (n < length && !is_blank(text[n])) {
                if (text[n] == ':')
                        begin = n + 1;
                n++;
        }
        tag.name = text + begin;
        tag.name_length = n - begin;
        *ret = tag;
        return tag.name_length > 0;
}

/* The next tag from *offset on; text before it is passed over. The XML declaration is one at the
 * beginning alone. */
static DialectOutcome next_tag(const char *data, size_t length, size_t *offset, Tag *ret)
{
        bool is_first = *offset == 0;
        size_t begin = *offset, end;
        DialectOutcome outcome;

        while (begin < length && data[begin] != '<') {
                /* Before the stream there is white space at most. */
                if (data[begin] == 0 || (is_first && !is_blank(data[begin])))
                        return DIALECT_MALFORMED;
                begin++;
        }
        if (begin + 1 >= length)
                return DIALECT_MORE;
        if (data[begin + 1] == '!' || (data[begin + 1] == '?' && !is_first))
                return DIALECT_MALFORMED;
        end = begin;
        outcome = find_end(data, length, &end);
        if (outcome != DIALECT_DONE)
                return outcome;
        *offset = end + 1;
        if (data[begin + 1] == '?')
                return next_tag(data, length, offset, ret);
        return parse_tag(data + begin + 1, end - begin - 1, ret) ? DIALECT_DONE : DIALECT_MALFORMED;
}

/* <stream:stream …><stream:features>… <starttls …/> …</stream:features> */
static DialectOutcome read_features(const char *data, size_t length, size_t *ret_used)
{
        bool has_starttls = false;
        size_t offset = 0, depth = 0;

        for (;;) {
                DialectOutcome outcome;
                Tag tag;

                outcome = next_tag(data, length, &offset, &tag);
                if (outcome != DIALECT_DONE)
                        return outcome;
                *ret_used = offset;
                if (tag.is_end && depth == 0)
                        return DIALECT_MALFORMED;
                depth -= tag.is_end;
                if (depth == 0 && !tag_is(&tag, "stream"))
                        return DIALECT_MALFORMED;
                if (depth == 0 && (tag.is_end || tag.is_empty))
                        return DIALECT_REFUSED; /* it has ended */
                if (depth == 1 && tag_is(&tag, "error"))
                        return DIALECT_REFUSED;
                if (depth == 1 && !tag_is(&tag, "features"))
                        return DIALECT_MALFORMED;
                if (depth == 1 && (tag.is_end || tag.is_empty))
                        return has_starttls ? DIALECT_DONE : DIALECT_REFUSED;
                if (depth == 2 && tag_is(&tag, "starttls") && has_namespace(&tag))
                        has_starttls = true;
                depth += !tag.is_end && !tag.is_empty;
        }
}

static DialectOutcome read_proceed(const char *data, size_t length, size_t *ret_used)
{
        DialectOutcome outcome;
        size_t offset = 0;
        Tag tag;

        outcome = next_tag(data, length, &offset, &tag);
        if (outcome != DIALECT_DONE)
                return outcome;
        *ret_used = offset;
        if (!tag_is(&tag, "proceed") || tag.is_end || !has_namespace(&tag)) {
                bool is_refusal = tag_is(&tag, "failure") || tag_is(&tag, "error") ||
                                  (tag.is_end && tag_is(&tag, "stream"));

                return is_refusal ? DIALECT_REFUSED : DIALECT_MALFORMED;
        }
        if (tag.is_empty)
                return DIALECT_DONE;
        /* <proceed …></proceed> is the same. */
        outcome = next_tag(data, length, &offset, &tag);
        *ret_used = offset;
        if (outcome != DIALECT_DONE)
                return outcome;
        return tag.is_end && tag_is(&tag, "proceed") ? DIALECT_DONE : DIALECT_MALFORMED;
}

const Dialect dialect_xmpp = {
                .steps =
                                {
                                                {DIALECT_REQUEST("<?xml version='1.0'?>"
                                                                 "<stream:stream to='\0"
                                                                 "' version='1.0' "
                                                                 "xmlns='jabber:client' "
                                                                 "xmlns:stream='http://"
                                                                 "etherx.jabber.org/streams'>"),
                                                 .has_domain = true,
                                                 .read = read_features},
                                                {DIALECT_REQUEST("<starttls xmlns='" NAMESPACE
                                                                 "'/>"),
                                                 .read = read_proceed},
                                },
                .n_steps = 2,
};
