/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Host names, narrower than DNS: what no public CA may put into a certificate (CA/Browser Forum
 * Baseline Requirements section 7.1.4.2, RFC 5280 section 4.2.1.6) is refused here and not by the
 * CA, where each refusal counts against a limit. */

#include <arpa/inet.h>

#include "acme/address.h"
#include "config/config.h"
#include "config/identifier.h"
#include "config/idn.h"

/* RFC 1035 section 2.3.4. */
#define LABEL_MAX 63U

/* A-labels begin so (RFC 5890 section 2.3.2.1). */
#define ACE_PREFIX "xn--"

static bool is_alnum(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* label: length bytes. Return: NULL when it is fine, else why not. */
static const char *label_problem(const char *label, size_t length)
{
        if (length == 0)
                return "two dots with nothing between them, or a dot in front";
        if (length > LABEL_MAX)
                return "a label, the part between two dots, has 63 bytes at most";
        for (size_t i = 0; i < length; i++) {
                if (label[i] == '_')
                        return "an underscore, which no host name has and no public CA takes";
                if (!is_alnum(label[i]) && label[i] != '-')
                        return "a host name has letters, digits, hyphens and dots only";
        }
        if (label[0] == '-' || label[length - 1] == '-')
                return "a label begins or ends with a hyphen";
        /* RFC 5890 section 2.3.1: the other reserved ones mean nothing today. */
        if (length >= 4 && memcmp(label + 2, "--", 2) == 0 && memcmp(label, ACE_PREFIX, 4) != 0)
                return "a label with hyphens at its third and fourth place is reserved";
        return NULL;
}

/* name is in lower case. Return: NULL when it is fine, else why not. */
static const char *name_problem(const char *name)
{
        const char *label = name;
        size_t length;

        if (strlen(name) > CONFIG_IDENTIFIER_BYTES_MAX)
                return "a name has 253 bytes at most (RFC 1035 section 2.3.4)";
        for (;;) {
                const char *problem;

                length = strcspn(label, ".");
                problem = label_problem(label, length);
                if (problem)
                        return problem;
                if (!label[length])
                        break;
                label += length + 1;
        }
        /* "1.2.3" and "0x7f.1" are addresses to many a resolver; no top-level domain looks so. */
        if (strspn(label, "0123456789") == length)
                return "a name whose last label is a number is no host name";
        return NULL;
}

static bool is_address(const char *word)
{
        char address[INET6_ADDRSTRLEN];
        unsigned char binary[sizeof(struct in6_addr)];
        size_t n = strlen(word);

        if (n >= 2 && word[0] == '[' && word[n - 1] == ']')
                word++, n -= 2;
        if (n >= sizeof(address))
                return false;
        memcpy(address, word, n);
        address[n] = 0;
        return inet_pton(AF_INET, address, binary) == 1 ||
               inet_pton(AF_INET6, address, binary) == 1;
}

/* What deserves its own reason. Return: NULL when there is none. */
static const char *kind_problem(const char *word)
{
        if (strchr(word, '*'))
                return "a wildcard has its '*' alone in the first label, before a name with two "
                       "labels at least: *.example.org";
        if (is_address(word))
                return "an IP address, where a host name is wanted";
        if (strlen(word) > IDENTIFIER_SPELLING_MAX)
                return "a name has 253 bytes at most (RFC 1035 section 2.3.4)";
        return NULL;
}

/* Lower-cases ASCII in place. Return: does the name need IDNA? */
static bool fold(char *name)
{
        bool is_ascii = true;

        for (char *p = name; *p; p++) {
                if (*p >= 'A' && *p <= 'Z')
                        *p = (char) (*p - 'A' + 'a');
                if ((unsigned char) *p >= 0x80)
                        is_ascii = false;
        }
        return !is_ascii || strstr(name, ACE_PREFIX);
}

static void strip_final_dot(char *name)
{
        size_t n = strlen(name);

        if (n > 1 && name[n - 1] == '.')
                name[n - 1] = 0;
}

int identifier_normalize(const char *word, char **ret, const char **ret_reason)
{
        _cleanup_free_ char *name = NULL;
        const char *problem = kind_problem(word);
        bool is_idn;
        int r;

        if (problem) {
                *ret_reason = problem;
                return IDENTIFIER_E_INVALID;
        }
        name = strdup(word);
        if (!name)
                return -ENOMEM;
        is_idn = fold(name);
        strip_final_dot(name);
        if (is_idn) {
                char *ascii = NULL;

                r = idn_to_ascii(name, &ascii, ret_reason);
                if (r != 0)
                        return r < 0 ? r : IDENTIFIER_E_INVALID;
                free(name);
                name = ascii;
                strip_final_dot(name); /* U+3002 has become a dot */
        }
        problem = name_problem(name);
        if (problem) {
                *ret_reason = problem;
                return IDENTIFIER_E_INVALID;
        }
        *ret = TAKE_PTR(name);
        return 0;
}

/* Without the brackets that URLs have. Return: NULL when the word is too long for an address. */
static const char *bare_address(const char *word, char buffer[static INET6_ADDRSTRLEN])
{
        size_t n = strlen(word);

        if (n >= 2 && word[0] == '[' && word[n - 1] == ']' && strchr(word, ':'))
                word++, n -= 2;
        if (n >= INET6_ADDRSTRLEN)
                return NULL;
        memcpy(buffer, word, n);
        buffer[n] = 0;
        return buffer;
}

/* Return: NULL when a host can have it, else why not. */
static const char *address_problem(const char *address)
{
        struct in6_addr in6;
        struct in_addr in;

        if (inet_pton(AF_INET, address, &in) == 1)
                return in.s_addr == htonl(INADDR_ANY) || IN_MULTICAST(ntohl(in.s_addr)) ||
                                                       in.s_addr == htonl(INADDR_BROADCAST)
                                       ? "no address of a host"
                                       : NULL;
        if (inet_pton(AF_INET6, address, &in6) != 1)
                return "no address";
        /* RFC 5280 section 4.2.1.6 has 4 bytes for what is an IPv4 address. */
        if (IN6_IS_ADDR_V4MAPPED(&in6))
                return "an IPv4 address in IPv6 spelling; write it as an IPv4 address";
        return IN6_IS_ADDR_UNSPECIFIED(&in6) || IN6_IS_ADDR_MULTICAST(&in6) ? "no address of a host"
                                                                            : NULL;
}

/* RFC 8555 section 7.1.4; one level below a top-level domain no public CA has any. */
static int normalize_wildcard(const char *base, char **ret, const char **ret_reason)
{
        _cleanup_free_ char *name = NULL, *wildcard = NULL;
        int r;

        r = identifier_normalize(base, &name, ret_reason);
        if (r != 0)
                return r;
        if (!strchr(name, '.')) {
                *ret_reason = kind_problem("*");
                return IDENTIFIER_E_INVALID;
        }
        if (asprintf(&wildcard, "*.%s", name) < 0) {
                wildcard = NULL;
                return -ENOMEM;
        }
        if (strlen(wildcard) > CONFIG_IDENTIFIER_BYTES_MAX) {
                *ret_reason = "a name has 253 bytes at most (RFC 1035 section 2.3.4)";
                return IDENTIFIER_E_INVALID;
        }
        *ret = TAKE_PTR(wildcard);
        return 0;
}

int identifier_normalize_any(const char *word, char **ret, const char **ret_reason)
{
        char buffer[INET6_ADDRSTRLEN];
        const char *base = startswith(word, "*.");
        const char *address = bare_address(word, buffer), *problem;

        if (!address || !acme_is_address(address))
                return base ? normalize_wildcard(base, ret, ret_reason)
                            : identifier_normalize(word, ret, ret_reason);
        problem = address_problem(address);
        if (problem) {
                *ret_reason = problem;
                return IDENTIFIER_E_INVALID;
        }
        return acme_address_normalize(address, ret);
}
