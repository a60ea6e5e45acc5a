/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "proving/wanted.h"

#include "acme/identifier.h"
#include "acme/token.h"
#include "acme/url.h"

const JsonField publish_fields[] = {
                {"challenges",
                 JSON_ARRAY,
                 offsetof(PublishParameters, challenges),
                 .flags = JSON_MANDATORY,
                 .max_elements = CHALLENGES_MAX},
                {},
};

static bool is_identifier(const char *value)
{
        return acme_dns_name_is_valid(value) || acme_is_address(value);
}

/* Return: NULL, or the member that is not for this room. */
static const char *find_foreign(const WantedRules *rules, const Wanted *wanted)
{
        ChallengeType type = challenge_type_from_string(wanted->type);
        bool is_persistent = rules->is_persistent && type == CHALLENGE_TYPE_DNS_PERSIST01;

        if (type == CHALLENGE_TYPE_INVALID || (type != rules->type && !is_persistent))
                return "type";
        if (!wanted->token != is_persistent)
                return "token";
        if (!wanted->issuer == is_persistent)
                return "issuer";
        if (wanted->account_uri && !is_persistent)
                return "accountUri";
        /* A wildcard is proved at the name below it, which is what is to be said. */
        if (startswith(wanted->identifier, "*.") ||
            !challenge_type_can_prove(type, wanted->identifier, false) ||
            (rules->is_ours && !rules->is_ours(wanted->identifier, rules->userdata)))
                return "identifier";
        return NULL;
}

/* Return: 0, also when the refusal is set; -ENOMEM. */
static int
read_one(const WantedRules *rules, struct json_object *object, Wanted *ret, Refusal *refusal)
{
        static const JsonField fields[] = {
                        {"type",
                         JSON_STRING,
                         offsetof(Wanted, type),
                         CHALLENGE_TYPE_NAME_MAX,
                         NULL,
                         JSON_MANDATORY},
                        {"identifier",
                         JSON_STRING,
                         offsetof(Wanted, identifier),
                         ACME_IDENTIFIER_MAX,
                         is_identifier,
                         JSON_MANDATORY},
                        {"token",
                         JSON_STRING,
                         offsetof(Wanted, token),
                         ACME_TOKEN_MAX,
                         acme_token_is_valid,
                         JSON_NULLABLE},
                        {"issuer",
                         JSON_STRING,
                         offsetof(Wanted, issuer),
                         ACME_IDENTIFIER_MAX,
                         acme_dns_name_is_valid,
                         JSON_NULLABLE},
                        {"accountUri",
                         JSON_STRING,
                         offsetof(Wanted, account_uri),
                         ACME_URL_MAX,
                         acme_url_is_valid,
                         JSON_NULLABLE},
                        {},
        };
        const char *member = NULL, *known = "challenges";

        if (json_dispatch(object, fields, ret, 0, &member) == 0) {
                member = find_foreign(rules, ret);
                if (!member)
                        return 0;
        }
        /* A member that nobody knows bears a foreign name. */
        for (const JsonField *field = fields; field->name; field++)
                if (streq(field->name, member))
                        known = field->name;
        return refuse(refusal, CHALLENGE_INTERFACE ".ChallengeRefused", "member", known);
}

int wanted_read(const WantedRules *rules,
                struct json_object *list,
                size_t n_before,
                Wanted **ret,
                Refusal *refusal)
{
        size_t n = json_object_array_length(list);
        int r = 0;

        if (n_before + n > CHALLENGES_MAX)
                return refuse(refusal, CHALLENGE_INTERFACE ".TooManyChallenges", NULL, NULL);
        *ret = calloc(n + 1, sizeof(Wanted));
        if (!*ret)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && !refusal->error && i < n; i++)
                r = read_one(rules, json_object_array_get_idx(list, i), *ret + i, refusal);
        return r;
}

struct json_object *wanted_to_json(const Wanted *wanted)
{
        struct json_object *object = json_object_new_object();

        if (object && json_add_string(object, "identifier", wanted->identifier) == 0 &&
            json_add_string(object, "issuer", wanted->issuer) == 0 &&
            (!wanted->account_uri ||
             json_add_string(object, "accountUri", wanted->account_uri) == 0))
                return object;
        json_object_put(object);
        return NULL;
}
