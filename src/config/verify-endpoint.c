/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An endpoint's three parts. A name is looked up by who connects, not here. */

#include <arpa/inet.h>

#include "config/identifier.h"
#include "config/listen-address.h"
#include "config/verify-endpoint.h"

#define BLANK " \t\n"

/* A host of 1024 bytes, which is refused anyway, and the rest. */
#define ENDPOINT_BYTES_MAX 2048U

static int refuse(const char **ret_reason, const char *reason)
{
        *ret_reason = reason;
        return VERIFY_ENDPOINT_E_INVALID;
}

static int parse_bracketed(const char *host, VerifyEndpoint *endpoint, const char **ret_reason)
{
        size_t n = strlen(host);
        struct in6_addr address;
        char text[INET6_ADDRSTRLEN];
        _cleanup_free_ char *inner = NULL;

        if (n < 2 || host[n - 1] != ']')
                return refuse(ret_reason, "an IPv6 address stands in brackets");
        inner = strndup(host + 1, n - 2);
        if (!inner)
                return -ENOMEM;
        if (inet_pton(AF_INET6, inner, &address) != 1)
                return refuse(ret_reason, "what stands in brackets is no IPv6 address");
        return free_and_strdup(&endpoint->host, inet_ntop(AF_INET6, &address, text, sizeof(text)));
}

static int parse_host(const char *host, VerifyEndpoint *endpoint, const char **ret_reason)
{
        struct in_addr address;
        int r;

        if (host[0] == '[')
                return parse_bracketed(host, endpoint, ret_reason);
        if (inet_pton(AF_INET, host, &address) == 1)
                return free_and_strdup(&endpoint->host, host);
        if (strchr(host, ':'))
                return refuse(ret_reason, "an IPv6 address stands in brackets");
        r = identifier_normalize(host, &endpoint->host, ret_reason);
        return r > 0 ? VERIFY_ENDPOINT_E_INVALID : r;
}

/* host: written into. */
static int parse_address(char *host, VerifyEndpoint *endpoint, const char **ret_reason)
{
        char *colon = strrchr(host, ':');

        if (!colon)
                return refuse(ret_reason, "the first word is HOST:PORT");
        endpoint->port = port_parse(colon + 1);
        if (endpoint->port == 0)
                return refuse(ret_reason, "the port is a number from 1 to 65535");
        *colon = 0;
        return parse_host(host, endpoint, ret_reason);
}

static int parse_option(const char *word, VerifyEndpoint *endpoint, const char **ret_reason)
{
        const char *value;
        int r;

        value = startswith(word, "starttls=");
        if (value && endpoint->starttls == STARTTLS_NONE) {
                endpoint->starttls = starttls_from_string(value);
                if (endpoint->starttls == STARTTLS_INVALID)
                        return refuse(ret_reason, "no such protocol for starttls=");
                return 0;
        }
        value = startswith(word, "sni=");
        if (value && !endpoint->sni) {
                r = identifier_normalize(value, &endpoint->sni, ret_reason);
                return r > 0 ? VERIFY_ENDPOINT_E_INVALID : r;
        }
        return refuse(ret_reason,
                      "behind HOST:PORT stand starttls= and sni=, each once, and nothing else");
}

static int format_text(VerifyEndpoint *endpoint)
{
        bool is_ipv6 = strchr(endpoint->host, ':');
        const char *starttls = starttls_to_string(endpoint->starttls);

        if (asprintf(&endpoint->text,
                     is_ipv6 ? "[%s]:%u%s%s%s%s" : "%s:%u%s%s%s%s",
                     endpoint->host,
                     endpoint->port,
                     starttls ? " starttls=" : "",
                     starttls ?: "",
                     endpoint->sni ? " sni=" : "",
                     endpoint->sni ?: "") < 0) {
                endpoint->text = NULL;
                return -ENOMEM;
        }
        return 0;
}

int verify_endpoint_parse(const char *text, VerifyEndpoint *ret, const char **ret_reason)
{
        _cleanup_(verify_endpoint_done) VerifyEndpoint endpoint = {};
        _cleanup_free_ char *copy = NULL;
        char *rest, *word;
        unsigned n = 0;
        int r = 0;

        if (strlen(text) > ENDPOINT_BYTES_MAX)
                return refuse(ret_reason, "it is too long");
        copy = rest = strdup(text);
        if (!copy)
                return -ENOMEM;
        while (r == 0 && (word = strsep(&rest, BLANK)))
                if (*word)
                        r = n++ == 0 ? parse_address(word, &endpoint, ret_reason)
                                     : parse_option(word, &endpoint, ret_reason);
        if (r == 0 && n == 0)
                return refuse(ret_reason, "the first word is HOST:PORT");
        if (r == 0)
                r = format_text(&endpoint);
        if (r != 0)
                return r;
        *ret = endpoint;
        endpoint = (VerifyEndpoint){};
        return 0;
}
