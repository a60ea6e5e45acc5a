/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/address.h"

#include <arpa/inet.h>

bool acme_is_address(const char *value)
{
        unsigned char binary[sizeof(struct in6_addr)];

        return inet_pton(AF_INET, value, binary) == 1 || inet_pton(AF_INET6, value, binary) == 1;
}

int acme_address_normalize(const char *value, char **ret)
{
        unsigned char binary[sizeof(struct in6_addr)];
        int family = strchr(value, ':') ? AF_INET6 : AF_INET;
        char text[INET6_ADDRSTRLEN];

        if (inet_pton(family, value, binary) != 1 || !inet_ntop(family, binary, text, sizeof(text)))
                return -EINVAL;
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}
