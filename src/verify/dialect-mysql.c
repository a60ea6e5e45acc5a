/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MySQL and MariaDB ("Client/Server Protocol", Protocol::HandshakeV10 and Protocol::SSLRequest):
 * the server's greeting says what it can; TLS begins behind our request, which nobody answers. */

#include "verify/dialect.h"

#define HEADER_BYTES 4U /* three of the length, least significant first, one of the sequence */
#define PROTOCOL_VERSION 10
#define PACKET_IS_ERROR 0xff

/* Behind the version's NUL: connection id, scramble, filler; then the lower half of the
 * capabilities. */
#define BYTES_BEFORE_CAPABILITIES (4U + 8U + 1U)
#define CLIENT_SSL 0x0800U

/* Length 32, sequence 1; CLIENT_PROTOCOL_41, CLIENT_SSL and CLIENT_SECURE_CONNECTION; packets of
 * 16 MiB at most; character set utf8mb4 (45); 23 bytes of nothing. */
#define REQUEST                                                                                    \
        "\x20\x00\x00\x01"                                                                         \
        "\x00\x8a\x00\x00"                                                                         \
        "\x00\x00\x00\x01"                                                                         \
        "\x2d"                                                                                     \
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static DialectOutcome read_greeting(const char *data, size_t length, size_t *ret_used)
{
        const unsigned char *bytes = (const unsigned char *) data, *payload = bytes + HEADER_BYTES;
        const unsigned char *end;
        size_t size, left;

        if (length < HEADER_BYTES)
                return DIALECT_MORE;
        size = bytes[0] | (size_t) bytes[1] << 8 | (size_t) bytes[2] << 16;
        if (size == 0 || size > DIALECT_REPLY_MAX - HEADER_BYTES || bytes[3] != 0)
                return DIALECT_MALFORMED;
        if (length - HEADER_BYTES < size)
                return DIALECT_MORE;
        *ret_used = HEADER_BYTES + size;
        if (payload[0] == PACKET_IS_ERROR)
                return DIALECT_REFUSED;
        end = payload[0] == PROTOCOL_VERSION ? memchr(payload + 1, 0, size - 1) : NULL;
        if (!end)
                return DIALECT_MALFORMED;
        left = size - (size_t) (end + 1 - payload);
        if (left < BYTES_BEFORE_CAPABILITIES + 2)
                return DIALECT_MALFORMED;
        end += 1 + BYTES_BEFORE_CAPABILITIES;
        return (end[0] | (unsigned) end[1] << 8) & CLIENT_SSL ? DIALECT_DONE : DIALECT_REFUSED;
}

const Dialect dialect_mysql = {
                .steps =
                                {
                                                {.read = read_greeting},
                                                {DIALECT_REQUEST(REQUEST)},
                                },
                .n_steps = 2,
};
