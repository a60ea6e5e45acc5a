/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The ways to prove an identifier that this project knows (RFC 8555 section 8, RFC 8737), one row
 * each: what is configured, what is chosen and which room publishes it all go by this number. */

#include "base/macro.h"

typedef enum ChallengeType {
        CHALLENGE_TYPE_HTTP01,
        CHALLENGE_TYPE_DNS01,
        CHALLENGE_TYPE_TLS_ALPN01,
        CHALLENGE_TYPE_DNS_PERSIST01, /* draft-ietf-acme-dns-persist */
        CHALLENGE_TYPE_MAX,
        CHALLENGE_TYPE_INVALID = -1,
} ChallengeType;

#define CHALLENGE_TYPE_NAME_MAX 64U

/* "http-01". */
const char *challenge_type_to_string(ChallengeType type);
/* Return: CHALLENGE_TYPE_INVALID for what is none of ours. */
ChallengeType challenge_type_from_string(const char *name);

/* Is there a room that publishes it? Only such a type can be configured. */
bool challenge_type_has_room(ChallengeType type);

/* Is it one that may still change? Who configures it has to say that they know. */
bool challenge_type_is_experimental(ChallengeType type);

/* identifier: a DNS name, or an IP address. A wildcard is proved by DNS alone (RFC 8555 section
 * 8.3, RFC 8737 section 3), an address never (RFC 8738 section 7), nor a name that leaves its
 * record no room. */
bool challenge_type_can_prove(ChallengeType type, const char *identifier, bool is_wildcard);
