/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Authorizations. */

#include "acme/authorization.h"

#include "acme/identifier.h"

static const char *const status_names[] = {
                [AUTHORIZATION_PENDING] = "pending",
                [AUTHORIZATION_VALID] = "valid",
                [AUTHORIZATION_INVALID] = "invalid",
                [AUTHORIZATION_DEACTIVATED] = "deactivated",
                [AUTHORIZATION_EXPIRED] = "expired",
                [AUTHORIZATION_REVOKED] = "revoked",
};

typedef struct RawAuthorization {
        const char *status;
        struct json_object *identifier;
        struct json_object *challenges;
        bool wildcard;
} RawAuthorization;

static const JsonField fields[] = {
                {"status",
                 JSON_STRING,
                 offsetof(RawAuthorization, status),
                 32,
                 NULL,
                 JSON_MANDATORY},
                {"identifier",
                 JSON_OBJECT,
                 offsetof(RawAuthorization, identifier),
                 0,
                 NULL,
                 JSON_MANDATORY},
                {"challenges",
                 JSON_ARRAY,
                 offsetof(RawAuthorization, challenges),
                 0,
                 NULL,
                 JSON_MANDATORY,
                 AUTHORIZATION_CHALLENGES_MAX},
                /* RFC 8555 section 7.1.4: absent from all others. */
                {"wildcard", JSON_BOOLEAN, offsetof(RawAuthorization, wildcard)},
                {},
};

static int parse_status(const char *name, AuthorizationStatus *ret)
{
        for (size_t i = 0; i < ELEMENTSOF(status_names); i++)
                if (streq(name, status_names[i])) {
                        *ret = (AuthorizationStatus) i;
                        return 0;
                }
        return -EBADMSG;
}

static int understand(const RawAuthorization *raw, Authorization *a, const char **field)
{
        size_t n = json_object_array_length(raw->challenges);
        int r;

        *field = "status";
        r = parse_status(raw->status, &a->status);
        if (r < 0)
                return r;

        *field = "identifier";
        r = acme_identifier_parse(raw->identifier, &a->identifier);
        if (r < 0)
                return r;
        a->is_wildcard = raw->wildcard;

        for (size_t i = 0; i < n; i++) {
                r = challenge_parse(json_object_array_get_idx(raw->challenges, i),
                                    a->challenges + i,
                                    field);
                if (r < 0)
                        return r;
                a->n_challenges++;
        }
        return 0;
}

int authorization_parse(const char *text,
                        size_t length,
                        Authorization **ret,
                        const char **ret_field)
{
        _cleanup_(authorization_freep) Authorization *a = NULL;
        _cleanup_json_ struct json_object *object = NULL;
        RawAuthorization raw = {};
        int r;

        *ret_field = NULL;
        a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        r = json_parse(text, length, &object);
        if (r < 0)
                return r;
        r = json_dispatch(object, fields, &raw, JSON_ALLOW_UNKNOWN, ret_field);
        if (r < 0)
                return r;
        r = understand(&raw, a, ret_field);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(a);
        return 0;
}

void authorization_free(Authorization *authorization)
{
        if (!authorization)
                return;
        for (size_t i = 0; i < authorization->n_challenges; i++)
                challenge_free(authorization->challenges[i]);
        free(authorization->identifier);
        free(authorization);
}

const char *authorization_status_to_string(AuthorizationStatus status)
{
        return status_names[status];
}

const Challenge *authorization_challenge(const Authorization *authorization, ChallengeType type)
{
        for (size_t i = 0; i < authorization->n_challenges; i++)
                if (authorization->challenges[i]->type == type)
                        return authorization->challenges[i];
        return NULL;
}

const Problem *authorization_error(const Authorization *authorization)
{
        const Problem *error = NULL;

        for (size_t i = 0; i < authorization->n_challenges; i++) {
                const Challenge *c = authorization->challenges[i];

                if (c->error && (!error || c->type != CHALLENGE_TYPE_INVALID))
                        error = c->error;
        }
        return error;
}
