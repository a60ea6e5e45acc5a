/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RFC 4648 section 5 without padding, as RFC 7515 section 2 defines it. */

#include "base/base64url.h"

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *base64url_encode(const void *data, size_t length)
{
        const unsigned char *s = data;
        uint32_t group = 0;
        unsigned bits = 0;
        char *encoded, *p;

        encoded = p = malloc(length / 3 * 4 + 4 + 1);
        if (!encoded)
                return NULL;
        for (size_t i = 0; i < length; i++) {
                group = group << 8 | s[i];
                for (bits += 8; bits >= 6; bits -= 6)
                        *p++ = alphabet[group >> (bits - 6) & 63];
        }
        if (bits > 0)
                *p++ = alphabet[group << (6 - bits) & 63];
        *p = '\0';
        return encoded;
}

static bool is_letter(char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
}

bool base64url_is_valid(const char *s, size_t min, size_t max)
{
        size_t n = 0;

        while (n <= max && is_letter(s[n]))
                n++;
        return n >= min && n <= max && s[n] == '\0';
}

int base64url_decode(const char *s, void *data, size_t max, size_t *ret_length)
{
        unsigned char *p = data;
        uint32_t group = 0;
        unsigned bits = 0;
        size_t n = 0;

        for (; *s; s++) {
                const char *letter = memchr(alphabet, *s, sizeof(alphabet));

                if (!letter)
                        return -EBADMSG;
                group = group << 6 | (uint32_t) (letter - alphabet);
                bits += 6;
                if (bits < 8)
                        continue;
                if (n == max)
                        return -EFBIG;
                bits -= 8;
                p[n++] = (unsigned char) (group >> bits);
        }
        /* One letter alone, or bits that say something. */
        if (bits >= 6 || (group & ((1U << bits) - 1)) != 0)
                return -EBADMSG;
        *ret_length = n;
        return 0;
}
