/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a client wants to have published, in its own words. */

#include "acme/challenge-type.h"
#include "proving/refusal.h"
#include "json/json.h"

/* Of one room or one lease: 100 names, each authorization twice, and the client's own for a look.
 */
#define CHALLENGES_MAX 256U

/* The parameters of Publish. */
typedef struct PublishParameters {
        struct json_object *challenges;
} PublishParameters;
extern const JsonField publish_fields[];

/* One challenge; borrowed from the call. */
typedef struct Wanted {
        const char *type, *identifier;
        const char *token; /* NULL: of dns-persist-01, which has these instead: */
        const char *issuer;
        const char *account_uri; /* NULL: the CA does not say */
} Wanted;

/* Which ones a room takes. */
typedef struct WantedRules {
        ChallengeType type; /* CHALLENGE_TYPE_INVALID: none but */
        bool is_persistent; /* dns-persist-01, which it takes, too */
        bool (*is_ours)(const char *identifier, const void *userdata); /* NULL: everybody's are */
        const void *userdata;
} WantedRules;

/* For the signer's PersistentRecord. Return: a new object, NULL without memory. */
struct json_object *wanted_to_json(const Wanted *wanted);

/* Everything is looked at before anything is done. n_before: of those that have been taken already.
 * ret: as many as the list has, owned. Return: 0, also when the refusal is set; -ENOMEM. */
int wanted_read(const WantedRules *rules,
                struct json_object *list,
                size_t n_before,
                Wanted **ret,
                Refusal *refusal);
