/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The URLs of an ACME server.
 *
 * One grammar, narrower than RFC 3986, is checked before anything is done with a URL: what two
 * parsers could read differently (a user part, a backslash, a fragment, an empty port, a letter
 * outside of ASCII) is refused, so that the origin that we compare is the one that libcurl dials.
 * The client trusts nobody's URL; the signer does not trust the client's. */

#include "acme/url.h"

#include <arpa/inet.h>
#include <strings.h>

#define HTTPS_PORT 443U

/* RFC 1035 section 2.3.4, in its textual form. */
#define HOST_MAX 253U

typedef struct UrlParts {
        const char *host; /* without brackets */
        size_t host_length;
        bool is_ipv6;
        unsigned port;
} UrlParts;

static bool is_alpha(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
        return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The rest behind the authority: path and query (RFC 3986 sections 3.3 and 3.4). */
static bool rest_is_valid(const char *rest)
{
        if (*rest != '\0' && *rest != '/' && *rest != '?')
                return false;

        for (const char *p = rest; *p; p++) {
                if (*p == '%') {
                        if (!is_hex(p[1]) || !is_hex(p[2]))
                                return false;
                        p += 2;
                } else if (!is_alpha(*p) && !is_digit(*p) && !strchr("-._~!$&'()*+,;=:@/?", *p))
                        return false;
        }
        return true;
}

/* Return: behind the host, NULL when it is none. */
static const char *parse_host(const char *p, UrlParts *ret)
{
        char address[INET6_ADDRSTRLEN];
        struct in6_addr in6;
        size_t n;

        if (*p != '[') {
                n = 0;
                while (is_alpha(p[n]) || is_digit(p[n]) || p[n] == '.' || p[n] == '-')
                        n++;
                if (n == 0 || n > HOST_MAX)
                        return NULL;
                *ret = (UrlParts){.host = p, .host_length = n};
                return p + n;
        }

        p++;
        n = strspn(p, "0123456789abcdefABCDEF:.");
        if (p[n] != ']' || n >= sizeof(address))
                return NULL;
        memcpy(address, p, n);
        address[n] = '\0';
        if (inet_pton(AF_INET6, address, &in6) != 1)
                return NULL;
        *ret = (UrlParts){.host = p, .host_length = n, .is_ipv6 = true};
        return p + n + 1;
}

/* p: at the ':'. Return: behind the port, NULL when it is none. */
static const char *parse_port(const char *p, unsigned *ret)
{
        unsigned port = 0;
        size_t n = 0;

        p++;
        if (*p == '0')
                return NULL; /* port 0, or a second spelling of another one */
        while (is_digit(p[n]) && n < 5)
                port = port * 10 + (unsigned) (p[n++] - '0');
        if (n == 0 || port > UINT16_MAX)
                return NULL;
        *ret = port;
        return p + n;
}

static bool parse(const char *url, UrlParts *ret)
{
        static const char scheme[] = "https://";
        UrlParts parts = {};
        unsigned port = HTTPS_PORT;
        const char *p;

        if (!url || strnlen(url, ACME_URL_MAX + 1) > ACME_URL_MAX)
                return false;
        if (strncasecmp(url, scheme, strlen(scheme)) != 0)
                return false;

        p = parse_host(url + strlen(scheme), &parts);
        if (p && *p == ':')
                p = parse_port(p, &port);
        if (!p || !rest_is_valid(p))
                return false;

        parts.port = port;
        *ret = parts;
        return true;
}

bool acme_url_is_valid(const char *url)
{
        UrlParts parts;

        return parse(url, &parts);
}

/* The host in one spelling: lower case, or the IPv6 address as inet_ntop() writes it. */
static void normalize_host(const UrlParts *parts, char host[static HOST_MAX + 1])
{
        struct in6_addr in6;

        for (size_t i = 0; i < parts->host_length; i++) {
                char c = parts->host[i];

                host[i] = (char) (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        }
        host[parts->host_length] = '\0';
        if (parts->is_ipv6 && inet_pton(AF_INET6, host, &in6) == 1)
                (void) inet_ntop(AF_INET6, &in6, host, HOST_MAX + 1);
}

int acme_url_origin(const char *url, char **ret)
{
        char host[HOST_MAX + 1], port[sizeof(":65535")] = "";
        UrlParts parts;
        char *origin;

        if (!parse(url, &parts))
                return -EINVAL;

        normalize_host(&parts, host);
        if (parts.port != HTTPS_PORT)
                (void) snprintf(port, sizeof(port), ":%u", parts.port);
        if (asprintf(&origin, parts.is_ipv6 ? "https://[%s]%s" : "https://%s%s", host, port) < 0)
                return -ENOMEM;
        *ret = origin;
        return 0;
}

bool acme_url_has_origin(const char *url, char *const *origins)
{
        _cleanup_free_ char *origin = NULL;

        if (acme_url_origin(url, &origin) < 0)
                return false;
        for (size_t i = 0; origins && origins[i]; i++)
                if (streq(origin, origins[i]))
                        return true;
        return false;
}

/* The path of a valid URL when it is made of plain segments alone; NULL: of something else. */
static const char *plain_path(const char *url)
{
        const char *path = strchr(url + strlen("https://"), '/');

        if (!path || path[1] == '\0')
                return NULL;
        for (const char *p = path; *p; p++)
                if (*p == '/' ? p[1] == '/' || p[1] == '\0'
                              : !((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                                  (*p >= '0' && *p <= '9') || *p == '-' || *p == '_'))
                        return NULL;
        return path;
}

bool acme_url_is_apart(const char *url, const char *other)
{
        const char *path = plain_path(url), *other_path = plain_path(other);

        if (!path || !other_path)
                return false;
        /* With the last '/': siblings have it in common. Some servers do not tell cases apart. */
        return strncasecmp(path,
                           other_path,
                           (size_t) (strrchr(other_path, '/') + 1 - other_path)) != 0;
}
