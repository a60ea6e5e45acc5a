/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a certificate may be for: identifiers of type "dns" (RFC 8555 section 9.7.7) and of type
 * "ip" (RFC 8738). */

#include "base/macro.h"

/* Longest spelling that is looked at: no name of 253 bytes has a longer one in UTF-8 that anybody
 * would write. */
#define IDENTIFIER_SPELLING_MAX 1024U

/* The normal form of a host name: A-labels, lower case, no final dot.
 *
 * Refused, each with its reason: wildcards, IP addresses, underscores, and what else is no host
 * name by RFC 1123 section 2.1 and RFC 5890 section 2.3.1. Return: 0; IDENTIFIER_E_INVALID,
 * *ret_reason says why then, a constant; -ENOMEM. */
enum {
        IDENTIFIER_E_INVALID = 1,
};
int identifier_normalize(const char *word, char **ret, const char **ret_reason);

/* The same for what a certificate may be for: a host name; a wildcard, whose '*' is alone in the
 * leftmost label (RFC 8555 section 7.1.4); or an IP address, in its one spelling (RFC 5952 section
 * 4); an IPv6 address may stand in brackets. Refused is also what is no address of one host's. */
int identifier_normalize_any(const char *word, char **ret, const char **ret_reason);
