/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A strict reader of PEM. The text comes from a CA, through a client that we do not trust: nothing
 * but the blocks gets past here, and the blocks are decoded, not copied. */

#include "x509/pem.h"

#include <openssl/evp.h>

#define BEGIN_LINE "-----BEGIN CERTIFICATE-----"
#define END_LINE "-----END CERTIFICATE-----"

typedef struct PemReader {
        const char *next, *end;
        char *base64; /* of the block under way, without line ends */
        size_t n_base64;
} PemReader;

typedef struct Line {
        const char *text;
        size_t length;
} Line;

/* The next line without its LF or CRLF; the last one needs none. Return: is there one? */
static bool read_line(PemReader *reader, Line *ret)
{
        const char *start = reader->next, *lf;
        size_t length;

        if (start == reader->end)
                return false;
        lf = memchr(start, '\n', (size_t) (reader->end - start));
        length = (size_t) ((lf ?: reader->end) - start);
        reader->next = lf ? lf + 1 : reader->end;
        if (lf && length > 0 && start[length - 1] == '\r')
                length--;
        *ret = (Line){start, length};
        return true;
}

static bool line_is(const Line *line, const char *text)
{
        return line->length == strlen(text) && memcmp(line->text, text, line->length) == 0;
}

static bool line_is_base64(const Line *line)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789+/=";

        for (size_t i = 0; i < line->length; i++)
                if (!memchr(alphabet, line->text[i], sizeof(alphabet) - 1))
                        return false;
        return true;
}

/* Up to the END line. Return: 0, -EBADMSG. */
static int read_base64(PemReader *reader)
{
        Line line;

        reader->n_base64 = 0;
        while (read_line(reader, &line)) {
                if (line_is(&line, END_LINE))
                        return 0;
                if (!line_is_base64(&line))
                        return -EBADMSG;
                memcpy(reader->base64 + reader->n_base64, line.text, line.length);
                reader->n_base64 += line.length;
        }
        return -EBADMSG;
}

/* In place: what is decoded is shorter. Return: 0, -EBADMSG. */
static int decode_base64(PemReader *reader, unsigned char **ret, size_t *ret_length)
{
        unsigned char *data = (unsigned char *) reader->base64;
        size_t n = reader->n_base64, padding = 0;
        const char *equals;
        int length;

        if (n == 0 || n % 4 != 0)
                return -EBADMSG;
        equals = memchr(reader->base64, '=', n);
        if (equals) {
                padding = n - (size_t) (equals - reader->base64);
                if (padding > 2 || reader->base64[n - 1] != '=')
                        return -EBADMSG;
        }
        length = EVP_DecodeBlock(data, data, (int) n);
        if (length < 0)
                return -EBADMSG;
        *ret = data;
        *ret_length = (size_t) length - padding;
        return 0;
}

int pem_read_certificates(const char *text, size_t length, pem_block_t block, void *userdata)
{
        _cleanup_free_ char *base64 = malloc(length + 1);
        PemReader reader = {.next = text, .end = text + length, .base64 = base64};
        unsigned char *der;
        size_t n_der;
        Line line;
        int r;

        if (!base64)
                return -ENOMEM;
        while (read_line(&reader, &line)) {
                if (line.length == 0)
                        continue;
                if (!line_is(&line, BEGIN_LINE))
                        return -EBADMSG;
                r = read_base64(&reader);
                if (r == 0)
                        r = decode_base64(&reader, &der, &n_der);
                if (r == 0)
                        r = block(der, n_der, userdata);
                if (r != 0)
                        return r;
        }
        return 0;
}
