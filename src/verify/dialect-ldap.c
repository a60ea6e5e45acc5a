/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* LDAP's StartTLS (RFC 4511 section 4.14): an extended request, and its answer in BER, of which
 * RFC 4511 section 5.1 allows definite lengths only. */

#include "verify/dialect.h"

#define TAG_INTEGER 0x02
#define TAG_ENUMERATED 0x0a
#define TAG_SEQUENCE 0x30
#define TAG_EXTENDED_RESPONSE 0x78

#define MESSAGE_ID 1
#define MESSAGE_ID_UNSOLICITED 0 /* a notice of disconnection (section 4.4.1) */

/* LDAPMessage { messageID 1, ExtendedRequest [APPLICATION 23] { requestName [0] … } } */
#define REQUEST                                                                                    \
        "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"                                                     \
        "1.3.6.1.4.1.1466.20037"

typedef struct Span {
        const unsigned char *data;
        size_t length;
} Span;

/* Takes one element with this tag off the span's head. Its length takes four more bytes at most, as
 * many as Active Directory spends on every length. */
static DialectOutcome take(Span *span, unsigned char tag, Span *ret)
{
        size_t header = 2, length;

        if (span->length >= 1 && span->data[0] != tag)
                return DIALECT_MALFORMED;
        if (span->length < 2)
                return DIALECT_MORE;
        length = span->data[1];
        if (length > 0x84 || length == 0x80)
                return DIALECT_MALFORMED;
        if (length > 0x80) {
                header += length - 0x80;
                if (span->length < header)
                        return DIALECT_MORE;
                length = 0;
                for (size_t i = 2; i < header; i++)
                        length = length << 8 | span->data[i];
        }
        if (length > DIALECT_REPLY_MAX)
                return DIALECT_MALFORMED;
        if (span->length - header < length)
                return DIALECT_MORE;
        *ret = (Span){span->data + header, length};
        span->data += header + length;
        span->length -= header + length;
        return DIALECT_DONE;
}

/* The same where all of it has to be there, and one byte long: a small number. */
static bool take_number(Span *span, unsigned char tag, unsigned *ret)
{
        Span number;

        if (take(span, tag, &number) != DIALECT_DONE || number.length != 1)
                return false;
        *ret = number.data[0];
        return true;
}

static DialectOutcome read_response(const char *data, size_t length, size_t *ret_used)
{
        Span all = {(const unsigned char *) data, length}, message, response;
        unsigned id, code;
        DialectOutcome outcome;

        outcome = take(&all, TAG_SEQUENCE, &message);
        if (outcome != DIALECT_DONE)
                return outcome;
        *ret_used = length - all.length;
        if (!take_number(&message, TAG_INTEGER, &id) ||
            take(&message, TAG_EXTENDED_RESPONSE, &response) != DIALECT_DONE ||
            !take_number(&response, TAG_ENUMERATED, &code))
                return DIALECT_MALFORMED;
        if (id != MESSAGE_ID)
                return id == MESSAGE_ID_UNSOLICITED ? DIALECT_REFUSED : DIALECT_MALFORMED;
        return code == 0 ? DIALECT_DONE : DIALECT_REFUSED;
}

const Dialect dialect_ldap = {
                .steps = {{DIALECT_REQUEST(REQUEST), .read = read_response}},
                .n_steps = 1,
};
