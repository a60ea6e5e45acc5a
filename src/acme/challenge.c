/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Challenges. Types that nobody here knows stand in every authorization and have members of their
 * own: only their type is looked at, and their error, which may be all the explanation there is. */

#include "acme/challenge.h"

#include "acme/identifier.h"
#include "acme/token.h"
#include "acme/url.h"

static const char *const status_names[] = {
                [CHALLENGE_PENDING] = "pending",
                [CHALLENGE_PROCESSING] = "processing",
                [CHALLENGE_VALID] = "valid",
                [CHALLENGE_INVALID] = "invalid",
};

/* draft-ietf-acme-dns-persist section 3.1. */
#define ISSUERS_MAX 10U

typedef struct RawChallenge {
        const char *status;
        const char *url;
        const char *token;
        struct json_object *issuers;
        const char *account_uri;
} RawChallenge;

static const JsonField type_fields[] = {
                {"type",
                 JSON_STRING,
                 offsetof(Challenge, name),
                 CHALLENGE_TYPE_NAME_MAX,
                 NULL,
                 JSON_MANDATORY},
                {},
};

static const JsonField known_fields[] = {
                {"status", JSON_STRING, offsetof(RawChallenge, status), 32, NULL, JSON_MANDATORY},
                {"url",
                 JSON_STRING,
                 offsetof(RawChallenge, url),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_MANDATORY},
                {"token",
                 JSON_STRING,
                 offsetof(RawChallenge, token),
                 ACME_TOKEN_MAX,
                 acme_token_is_valid,
                 JSON_MANDATORY},
                {},
};

static const JsonField persistent_fields[] = {
                {"status", JSON_STRING, offsetof(RawChallenge, status), 32, NULL, JSON_MANDATORY},
                {"url",
                 JSON_STRING,
                 offsetof(RawChallenge, url),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_MANDATORY},
                {"issuer-domain-names",
                 JSON_STRING_ARRAY,
                 offsetof(RawChallenge, issuers),
                 ACME_IDENTIFIER_MAX,
                 acme_dns_name_is_valid,
                 JSON_MANDATORY,
                 ISSUERS_MAX},
                {"accounturi",
                 JSON_STRING,
                 offsetof(RawChallenge, account_uri),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_NULLABLE},
                {},
};

/* The CA takes any of the names. */
static int read_persistent(Challenge *c, RawChallenge *raw, const char **ret_field)
{
        int r;

        r = json_dispatch(c->object, persistent_fields, raw, JSON_ALLOW_UNKNOWN, ret_field);
        if (r < 0)
                return r;
        *ret_field = "issuer-domain-names";
        if (json_object_array_length(raw->issuers) == 0)
                return -EBADMSG;
        c->issuer = json_object_get_string(json_object_array_get_idx(raw->issuers, 0));
        c->account_uri = raw->account_uri;
        return 0;
}

/* The same members for each (RFC 8555 sections 8.3, 8.4; RFC 8737 section 3) but the one that has
 * no token. */
static int read_known(Challenge *c, const char **ret_field)
{
        RawChallenge raw = {};
        int r;

        r = c->type == CHALLENGE_TYPE_DNS_PERSIST01 ? read_persistent(c, &raw, ret_field)
                                                    : json_dispatch(c->object,
                                                                    known_fields,
                                                                    &raw,
                                                                    JSON_ALLOW_UNKNOWN,
                                                                    ret_field);
        if (r < 0)
                return r;

        *ret_field = "status";
        for (size_t i = 0; i < ELEMENTSOF(status_names); i++)
                if (streq(raw.status, status_names[i])) {
                        c->status = (ChallengeStatus) i;
                        c->url = raw.url;
                        c->token = raw.token;
                        return 0;
                }
        return -EBADMSG;
}

int challenge_parse(struct json_object *object, Challenge **ret, const char **ret_field)
{
        _cleanup_(challenge_freep) Challenge *c = NULL;
        struct json_object *error;
        int r;

        *ret_field = "challenges";
        if (!json_object_is_type(object, json_type_object))
                return -EBADMSG;
        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->object = json_object_get(object);
        r = json_dispatch(object, type_fields, c, JSON_ALLOW_UNKNOWN, ret_field);
        if (r < 0)
                return r;
        c->type = challenge_type_from_string(c->name);
        if (c->type != CHALLENGE_TYPE_INVALID) {
                r = read_known(c, ret_field);
                /* One of another draft than ours is none that we know, and keeps nobody from the
                 * others. */
                if (r == -EBADMSG && challenge_type_is_experimental(c->type)) {
                        c->type = CHALLENGE_TYPE_INVALID;
                        r = 0;
                }
                if (r < 0)
                        return r;
        }

        /* An explanation that cannot be read is no reason to refuse the challenge. */
        if (json_object_object_get_ex(object, "error", &error)) {
                r = problem_from_object(error, &c->error);
                if (r < 0 && r != -EBADMSG)
                        return r;
        }
        *ret = TAKE_PTR(c);
        return 0;
}

int challenge_parse_text(const char *text, size_t length, Challenge **ret, const char **ret_field)
{
        _cleanup_json_ struct json_object *object = NULL;
        int r;

        *ret_field = NULL;
        r = json_parse(text, length, &object);
        if (r < 0)
                return r;
        return challenge_parse(object, ret, ret_field);
}

void challenge_free(Challenge *challenge)
{
        if (!challenge)
                return;
        problem_free(challenge->error);
        json_object_put(challenge->object);
        free(challenge);
}
