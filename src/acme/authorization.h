/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An authorization (RFC 8555 section 7.1.4): the CA's question whether a name is ours. */

#include "acme/challenge.h"

/* Three types are in use; a CA with more than this many is not one. */
#define AUTHORIZATION_CHALLENGES_MAX 32U

typedef enum AuthorizationStatus {
        AUTHORIZATION_PENDING,
        AUTHORIZATION_VALID,
        AUTHORIZATION_INVALID,
        AUTHORIZATION_DEACTIVATED,
        AUTHORIZATION_EXPIRED,
        AUTHORIZATION_REVOKED,
} AuthorizationStatus;

typedef struct Authorization {
        AuthorizationStatus status;
        char *identifier; /* a DNS name in lower case */
        bool is_wildcard; /* the order has "*." before it */
        Challenge *challenges[AUTHORIZATION_CHALLENGES_MAX];
        size_t n_challenges;
} Authorization;

/* Return: 0; -EBADMSG, *ret_field then names the member that is missing or wrong, or is NULL or
 * empty when the text is no JSON object; -ENOMEM. */
int authorization_parse(const char *text,
                        size_t length,
                        Authorization **ret,
                        const char **ret_field);
void authorization_free(Authorization *authorization);
DEFINE_CLEANUP(Authorization *, authorization_free);

const char *authorization_status_to_string(AuthorizationStatus status);

/* The first challenge of this type; NULL when it is not offered. */
const Challenge *authorization_challenge(const Authorization *authorization, ChallengeType type);

/* Why it failed: the error of the challenge that was tried; NULL when the CA does not say. */
const Problem *authorization_error(const Authorization *authorization);
