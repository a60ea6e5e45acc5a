/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signer's description of the certificate. It comes from the room that decides; it is read by a
 * table all the same, since an account's or an order's URL has come from a CA once. */

#include "client/description.h"

#include "acme/identifier.h"
#include "acme/url.h"
#include "base/base64url.h"
#include "base/strv.h"
#include "config/config.h"

/* A certificate's reason and the like; a CA's name. */
#define WORD_MAX 256U

/* Origins that a CA's file may list; more than anybody has. */
#define ORIGINS_MAX 16U

void description_free(Description *description)
{
        if (!description)
                return;
        strv_free(description->identifiers);
        strv_free(description->origins);
        json_object_put(description->object);
        free(description);
}

/* What the table fills, before it is understood. */
typedef struct RawDescription {
        struct json_object *identifiers, *origins, *challenges, *certificate, *revocation;
        int64_t renew_at;
} RawDescription;

typedef struct RawCertificate {
        int64_t not_after;
} RawCertificate;

#define MEMBER(name, kind, member, max, grammar, flags, ...)                                       \
        {                                                                                          \
                name, kind, offsetof(Description, member), max, grammar, flags, ##__VA_ARGS__      \
        }
#define RAW(name, kind, member, max, grammar, flags, ...)                                          \
        {                                                                                          \
                name, kind, offsetof(RawDescription, member), max, grammar, flags, ##__VA_ARGS__   \
        }

/* Of base64url: what a key identifier is written with. It goes into a URL. */
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static bool is_renewal_id(const char *id)
{
        const char *dot = strchr(id, '.');

        return dot && dot > id && base64url_is_valid(dot + 1, 1, WORD_MAX) &&
               strspn(id, LETTERS) == (size_t) (dot - id);
}

/* What both signers tell. */
static const JsonField common_fields[] = {
                MEMBER("name", JSON_STRING, name, WORD_MAX, NULL, JSON_MANDATORY),
                MEMBER("ca", JSON_STRING, ca, WORD_MAX, NULL, JSON_MANDATORY),
                MEMBER("directory",
                       JSON_STRING,
                       directory,
                       ACME_URL_MAX,
                       acme_url_is_valid,
                       JSON_MANDATORY),
                MEMBER("trust", JSON_STRING, trust, 4096, NULL, JSON_NULLABLE),
                MEMBER("account",
                       JSON_STRING,
                       account,
                       ACME_URL_MAX,
                       acme_url_is_valid,
                       JSON_NULLABLE),
                MEMBER("externalAccount",
                       JSON_BOOLEAN,
                       has_external_account,
                       0,
                       NULL,
                       JSON_NULLABLE),
                MEMBER("keyUnclear", JSON_BOOLEAN, is_key_unclear, 0, NULL, JSON_NULLABLE),
                MEMBER("thumbprint", JSON_STRING, thumbprint, WORD_MAX, NULL, JSON_NULLABLE),
                MEMBER("termsOfServiceAgreed",
                       JSON_BOOLEAN,
                       terms_of_service_agreed,
                       0,
                       NULL,
                       JSON_MANDATORY),
                {},
};

static const JsonField string_fields[] = {
                MEMBER("order", JSON_STRING, order, ACME_URL_MAX, acme_url_is_valid, JSON_NULLABLE),
                MEMBER("orderOutdated", JSON_BOOLEAN, is_order_outdated, 0, NULL, JSON_NULLABLE),
                MEMBER("due", JSON_STRING, due, WORD_MAX, NULL, JSON_NULLABLE),
                MEMBER("renewalId",
                       JSON_STRING,
                       renewal_id,
                       WORD_MAX,
                       is_renewal_id,
                       JSON_NULLABLE),
                MEMBER("askRenewalInfo", JSON_BOOLEAN, ask_renewal_info, 0, NULL, JSON_NULLABLE),
                MEMBER("dryRun", JSON_BOOLEAN, is_dry_run, 0, NULL, JSON_NULLABLE),
                MEMBER("moreKeyTypes", JSON_BOOLEAN, has_more_key_types, 0, NULL, JSON_NULLABLE),
                {},
};

static const JsonField revocation_fields[] = {
                {"serial",
                 JSON_STRING,
                 offsetof(DescribedRevocation, serial),
                 WORD_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"reason",
                 JSON_STRING,
                 offsetof(DescribedRevocation, reason),
                 WORD_MAX,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"key",
                 JSON_STRING,
                 offsetof(DescribedRevocation, key),
                 WORD_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"live",
                 JSON_BOOLEAN,
                 offsetof(DescribedRevocation, is_live),
                 0,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

static const JsonField raw_fields[] = {
                RAW("identifiers",
                    JSON_ARRAY,
                    identifiers,
                    0,
                    NULL,
                    JSON_MANDATORY,
                    CONFIG_IDENTIFIERS_MAX),
                RAW("origins",
                    JSON_STRING_ARRAY,
                    origins,
                    ACME_URL_MAX,
                    acme_url_is_valid,
                    JSON_MANDATORY,
                    ORIGINS_MAX),
                RAW("challenges",
                    JSON_STRING_ARRAY,
                    challenges,
                    CHALLENGE_TYPE_NAME_MAX,
                    NULL,
                    JSON_MANDATORY,
                    CHALLENGE_TYPE_MAX),
                RAW("certificate", JSON_OBJECT, certificate, 0, NULL, JSON_NULLABLE),
                RAW("revocation", JSON_OBJECT, revocation, 0, NULL, JSON_NULLABLE),
                RAW("renewAt",
                    JSON_INTEGER,
                    renew_at,
                    (size_t) DESCRIPTION_MOMENT_MAX,
                    NULL,
                    JSON_NULLABLE),
                {},
};

static const JsonField certificate_fields[] = {
                {"notAfter",
                 JSON_INTEGER,
                 offsetof(RawCertificate, not_after),
                 (size_t) DESCRIPTION_MOMENT_MAX,
                 NULL,
                 JSON_MANDATORY},
                {},
};

int description_parse_not_after(struct json_object *certificate, usec_t *ret_usec)
{
        RawCertificate raw = {};
        int r;

        r = json_dispatch(certificate, certificate_fields, &raw, JSON_ALLOW_UNKNOWN, NULL);
        if (r >= 0)
                *ret_usec = (usec_t) raw.not_after * USEC_PER_SEC;
        return r;
}

/* Return: 0, -EBADMSG. */
static int understand_challenges(struct json_object *list, Description *d)
{
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                const char *name = json_object_get_string(json_object_array_get_idx(list, i));
                ChallengeType type = challenge_type_from_string(name);

                if (type == CHALLENGE_TYPE_INVALID)
                        return -EBADMSG;
                d->challenges[d->n_challenges++] = type;
        }
        return 0;
}

/* Return: 0, -EBADMSG, -ENOMEM. */
static int understand(const RawDescription *raw, Description *d)
{
        int r;

        for (size_t i = 0; i < json_object_array_length(raw->identifiers); i++) {
                _cleanup_free_ char *name = NULL;

                r = acme_identifier_parse(json_object_array_get_idx(raw->identifiers, i), &name);
                if (r >= 0)
                        r = strv_append(&d->identifiers, name);
                if (r < 0)
                        return r;
        }
        if (!d->identifiers)
                return -EBADMSG;
        strv_sort_unique(d->identifiers);
        r = json_to_strv(raw->origins, &d->origins);
        if (r >= 0)
                r = understand_challenges(raw->challenges, d);
        if (r < 0)
                return r;
        d->renew_at_usec =
                        raw->renew_at >= 0 ? (usec_t) raw->renew_at * USEC_PER_SEC : USEC_INFINITY;
        d->not_after_usec = USEC_INFINITY;
        if (raw->revocation)
                r = json_dispatch(raw->revocation,
                                  revocation_fields,
                                  &d->revocation,
                                  JSON_ALLOW_UNKNOWN,
                                  NULL);
        if (r < 0)
                return r;
        return raw->certificate ? description_parse_not_after(raw->certificate, &d->not_after_usec)
                                : 0;
}

int description_parse(struct json_object *object, Description **ret, const char **ret_field)
{
        _cleanup_(description_freep) Description *d = NULL;
        RawDescription raw = {.renew_at = -1};
        int r;

        d = calloc(1, sizeof(*d));
        if (!d)
                return -ENOMEM;
        d->object = json_object_get(object);
        *ret_field = "identifiers";
        r = json_dispatch(d->object, common_fields, d, JSON_ALLOW_UNKNOWN, ret_field);
        if (r >= 0)
                r = json_dispatch(d->object, string_fields, d, JSON_ALLOW_UNKNOWN, ret_field);
        if (r >= 0)
                r = json_dispatch(d->object, raw_fields, &raw, JSON_ALLOW_UNKNOWN, ret_field);
        if (r >= 0)
                r = understand(&raw, d);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

/* The reply to Describe of an account's signer. */
typedef struct RawAccount {
        struct json_object *origins;
        const char *operation;
} RawAccount;

static const JsonField account_fields[] = {
                {"origins",
                 JSON_STRING_ARRAY,
                 offsetof(RawAccount, origins),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_MANDATORY,
                 ORIGINS_MAX},
                {"operation",
                 JSON_STRING,
                 offsetof(RawAccount, operation),
                 WORD_MAX,
                 NULL,
                 JSON_MANDATORY},
                {},
};

int description_parse_account(struct json_object *object,
                              Description **ret,
                              const char **ret_operation,
                              const char **ret_field)
{
        _cleanup_(description_freep) Description *d = calloc(1, sizeof(*d));
        RawAccount raw = {};
        int r;

        if (!d)
                return -ENOMEM;
        d->object = json_object_get(object);
        d->renew_at_usec = d->not_after_usec = USEC_INFINITY;
        r = json_dispatch(d->object, common_fields, d, JSON_ALLOW_UNKNOWN, ret_field);
        if (r >= 0)
                r = json_dispatch(d->object, account_fields, &raw, JSON_ALLOW_UNKNOWN, ret_field);
        if (r >= 0)
                r = json_to_strv(raw.origins, &d->origins);
        if (r < 0)
                return r;
        *ret_operation = raw.operation;
        *ret = TAKE_PTR(d);
        return 0;
}
