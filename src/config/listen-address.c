/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Addresses by number only: a name would have to be looked up before the network is there. */

#include <arpa/inet.h>

#include "config/listen-address.h"

/* "255.255.255.255", and an IPv6 address with an IPv4 tail. */
#define ADDRESS_TEXT_MAX INET6_ADDRSTRLEN

uint16_t port_parse(const char *s)
{
        unsigned port = 0;
        size_t n = strspn(s, "0123456789");

        /* No leading zero: one spelling for each port. */
        if (n == 0 || n > 5 || s[n] || s[0] == '0')
                return 0;
        for (; *s; s++)
                port = port * 10 + (unsigned) (*s - '0');
        return port <= UINT16_MAX ? (uint16_t) port : 0;
}

static bool parse_ipv4(const char *s, uint16_t port, ListenAddress *ret)
{
        *ret = (ListenAddress){.in = {.sin_family = AF_INET, .sin_port = htons(port)}};
        return inet_pton(AF_INET, s, &ret->in.sin_addr) == 1;
}

static bool parse_ipv6(const char *s, uint16_t port, ListenAddress *ret)
{
        *ret = (ListenAddress){.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
        return inet_pton(AF_INET6, s, &ret->in6.sin6_addr) == 1;
}

/* word up to colon is the address. */
static size_t
parse_pair(const char *word, const char *colon, ListenAddress *ret, const char **ret_reason)
{
        char text[ADDRESS_TEXT_MAX];
        size_t n = (size_t) (colon - word);
        bool is_ipv6 = n >= 2 && word[0] == '[' && colon[-1] == ']';
        uint16_t port = port_parse(colon + 1);

        if (is_ipv6)
                word++, n -= 2;
        *ret_reason = "the port is a number from 1 to 65535";
        if (port == 0)
                return 0;
        *ret_reason = "not the number of an IPv4 address, nor that of an IPv6 address in brackets";
        if (n >= sizeof(text))
                return 0;
        memcpy(text, word, n);
        text[n] = 0;
        if (!(is_ipv6 ? parse_ipv6(text, port, ret) : parse_ipv4(text, port, ret)))
                return 0;
        /* Each family has its own socket (BindIPv6Only=), which takes no address of the other. */
        *ret_reason = "an IPv4 address in IPv6 form; write it as ADDRESS:PORT";
        if (is_ipv6 && IN6_IS_ADDR_V4MAPPED(&ret->in6.sin6_addr))
                return 0;
        return 1;
}

size_t listen_address_parse(const char *word,
                            ListenAddress ret[static LISTEN_ADDRESSES_PER_WORD],
                            const char **ret_reason)
{
        const char *colon = strrchr(word, ':');
        uint16_t port;

        if (colon)
                return parse_pair(word, colon, ret, ret_reason);
        port = port_parse(word);
        if (port == 0) {
                *ret_reason = "the port is a number from 1 to 65535";
                return 0;
        }
        ret[0].in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        ret[1].in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        return 2;
}

bool listen_address_equal(const ListenAddress *a, const ListenAddress *b)
{
        if (a->sa.sa_family != b->sa.sa_family || listen_address_port(a) != listen_address_port(b))
                return false;
        if (a->sa.sa_family == AF_INET)
                return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
        return IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
}

const char *listen_address_format(const ListenAddress *address,
                                  char buffer[static LISTEN_ADDRESS_MAX])
{
        char text[INET6_ADDRSTRLEN];
        bool is_ipv6 = address->sa.sa_family == AF_INET6;

        inet_ntop(address->sa.sa_family,
                  is_ipv6 ? (const void *) &address->in6.sin6_addr
                          : (const void *) &address->in.sin_addr,
                  text,
                  sizeof(text));
        snprintf(buffer,
                 LISTEN_ADDRESS_MAX,
                 is_ipv6 ? "[%s]:%u" : "%s:%u",
                 text,
                 listen_address_port(address));
        return buffer;
}

uint16_t listen_address_port(const ListenAddress *address)
{
        return ntohs(address->sa.sa_family == AF_INET6 ? address->in6.sin6_port
                                                       : address->in.sin_port);
}
