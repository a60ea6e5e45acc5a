/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A challenge of an authorization (RFC 8555 section 8). */

#include "acme/challenge-type.h"
#include "acme/problem.h"

typedef enum ChallengeStatus {
        CHALLENGE_PENDING,
        CHALLENGE_PROCESSING,
        CHALLENGE_VALID,
        CHALLENGE_INVALID,
} ChallengeStatus;

typedef struct Challenge {
        struct json_object *object; /* owns the strings */
        const char *name;           /* of its type, unescaped */
        /* CHALLENGE_TYPE_INVALID: not one of ours; nothing but name and error is read. */
        ChallengeType type;
        ChallengeStatus status;
        const char *url;
        const char *token; /* NULL: its type has none */
        /* Of dns-persist-01: the name by which records call the CA; and what it calls our account,
         * NULL when it does not say. */
        const char *issuer, *account_uri;
        Problem *error; /* NULL: none */
} Challenge;

/* Return: 0; -EBADMSG when it is no challenge, or one of a type that we know with a member missing
 * or wrong: *ret_field names it; -ENOMEM. */
int challenge_parse(struct json_object *object, Challenge **ret, const char **ret_field);

/* The reply to an answered challenge. */
int challenge_parse_text(const char *text, size_t length, Challenge **ret, const char **ret_field);
void challenge_free(Challenge *challenge);
DEFINE_CLEANUP(Challenge *, challenge_free);
