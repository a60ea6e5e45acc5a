/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/server-name.h"

#include <arpa/inet.h>

#define IPV6_BYTES 16U

bool acme_server_name_is_valid(const char *name)
{
        size_t n = strnlen(name, SERVER_NAME_BYTES_MAX + 1);

        if (n == 0 || n > SERVER_NAME_BYTES_MAX || name[0] == '.' || name[n - 1] == '.' ||
            strstr(name, ".."))
                return false;
        return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == n;
}

static int reverse_ipv4(const unsigned char *b, char **ret)
{
        if (asprintf(ret, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}

static int reverse_ipv6(const unsigned char *b, char **ret)
{
        char nibbles[IPV6_BYTES * 4 + 1] = "";

        for (size_t i = 0; i < IPV6_BYTES; i++)
                (void) sprintf(nibbles + 4 * i,
                               "%x.%x.",
                               b[IPV6_BYTES - 1 - i] & 0xf,
                               b[IPV6_BYTES - 1 - i] >> 4);
        if (asprintf(ret, "%sip6.arpa", nibbles) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}

int acme_server_name(const char *identifier, char **ret)
{
        _cleanup_free_ char *name = NULL;
        unsigned char address[IPV6_BYTES];

        if (inet_pton(AF_INET, identifier, address) == 1)
                return reverse_ipv4(address, ret);
        if (inet_pton(AF_INET6, identifier, address) == 1)
                return reverse_ipv6(address, ret);
        name = strdup(identifier);
        if (!name)
                return -ENOMEM;
        for (char *p = name; *p; p++)
                if (*p >= 'A' && *p <= 'Z')
                        *p = (char) (*p - 'A' + 'a');
        if (!acme_server_name_is_valid(name))
                return -EINVAL;
        *ret = TAKE_PTR(name);
        return 0;
}
