/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Describe: all that a client needs to know before it speaks to the CA. Nothing of it is secret.
 * When a renewal is due, everything that could make Install fail here is looked at first: an order
 * that cannot end well costs the CA's patience. */

#include "acme/identifier.h"
#include "signer/account-door.h"
#include "signer/external-account.h"
#include "signer/policy.h"
#include "state/wishes.h"

static int64_t to_seconds(usec_t usec)
{
        return (int64_t) (usec / USEC_PER_SEC);
}

struct json_object *certificate_to_json(const StateCertificate *c)
{
        struct json_object *object = json_object_new_object();

        if (object && json_add_string(object, "generation", c->generation) == 0 &&
            json_add_string(object, "serial", c->serial) == 0 &&
            json_add_string(object, "fingerprint", c->fingerprint) == 0 &&
            json_add_string(object, "issuer", c->issuer) == 0 &&
            json_add_integer(object, "notBefore", to_seconds(c->not_before_usec)) == 0 &&
            json_add_integer(object, "notAfter", to_seconds(c->not_after_usec)) == 0 &&
            json_add_integer(object, "installedAt", to_seconds(c->installed_usec)) == 0 &&
            json_add_boolean(object, "placeholder", c->is_placeholder) == 0)
                return object;
        json_object_put(object);
        return NULL;
}

static int add_optional(struct json_object *object, const char *name, const char *value)
{
        return value ? json_add_string(object, name, value) : 0;
}

int add_identifiers(struct json_object *object, char *const *identifiers)
{
        struct json_object *list = json_object_new_array();

        if (json_add(object, "identifiers", list) < 0)
                return -ENOMEM;
        for (; identifiers && *identifiers; identifiers++) {
                struct json_object *identifier = json_object_new_object();

                if (!identifier || json_object_array_add(list, identifier) < 0) {
                        json_object_put(identifier);
                        return -ENOMEM;
                }
                if (json_add_string(identifier,
                                    "type",
                                    acme_is_address(*identifiers) ? "ip" : "dns") < 0 ||
                    json_add_string(identifier, "value", *identifiers) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int add_challenges(struct json_object *object, const Config *config)
{
        struct json_object *list = json_object_new_array();

        if (json_add(object, "challenges", list) < 0)
                return -ENOMEM;
        FOREACH_ARRAY (type, config->challenges, config->n_challenges) {
                struct json_object *name = json_object_new_string(challenge_type_to_string(*type));

                if (!name || json_object_array_add(list, name) < 0) {
                        json_object_put(name);
                        return -ENOMEM;
                }
        }
        return 0;
}

int add_configuration(struct json_object *object, const Signer *signer)
{
        const Config *config = signer->config;

        if (add_challenges(object, config) < 0 ||
            json_add_string(object, "name", signer->name) < 0 ||
            add_identifiers(object, config->identifiers) < 0 ||
            json_add_string(object, "ca", config->ca) < 0 ||
            json_add_string(object, "directory", config->directory) < 0 ||
            json_add_strv(object, "origins", config->origins) < 0 ||
            json_add_boolean(object, "dryRun", config->is_dry_run) < 0 ||
            add_optional(object, "trust", config->trust) < 0)
                return -ENOMEM;
        return json_add_boolean(object,
                                "termsOfServiceAgreed",
                                signer->account_door ? account_door_agrees(signer)
                                                     : config->terms_of_service_agreed);
}

/* Is it time to ask the CA when to renew? */
static bool is_to_be_asked(const Signer *signer)
{
        return signer_renewal_id(signer) &&
               due_is_to_be_asked(&signer->state->certificate, signer->config, signer->now());
}

/* Of the CA under way; another one's waits for its turn. */
static const char *order_under_way(const Signer *signer)
{
        const StateOrder *order = &signer->state->order;

        return streq_ptr(order->directory, signer->config->directory) ? order->url : NULL;
}

static int add_order(struct json_object *object, const Signer *signer)
{
        const char *url = order_under_way(signer);
        int r;

        if (!url)
                return 0;
        r = wishes_has_other_moments(signer->state->order.wishes, signer->config);
        if (r > 0)
                r = json_add_boolean(object, "orderOutdated", true);
        return r < 0 ? r : json_add_string(object, "order", url);
}

int add_account(struct json_object *object, const Signer *signer)
{
        if (signer->account_door)
                return account_door_add(object, signer);
        if (!account_url(signer->account) &&
            json_add_boolean(object,
                             "externalAccount",
                             external_account_is_known(signer->config->account)) < 0)
                return -ENOMEM;
        if (json_add_boolean(object, "keyUnclear", account_key_is_unclear(signer->account)) < 0 ||
            add_optional(object, "account", account_url(signer->account)) < 0)
                return -ENOMEM;
        return add_optional(object, "thumbprint", account_thumbprint(signer->account));
}

static int add_state(struct json_object *object, const Signer *signer, DueReason due)
{
        const StateCertificate *c = &signer->state->certificate;

        if (add_account(object, signer) < 0 ||
            json_add_string(object, "keyType", key_type_to_string(signer->config->key_type)) < 0 ||
            json_add_boolean(object, "moreKeyTypes", signer_has_next_key_type(signer)) < 0 ||
            add_order(object, signer) < 0 ||
            add_optional(object, "due", due_reason_to_string(due)) < 0 ||
            json_add_boolean(object, "askRenewalInfo", is_to_be_asked(signer)) < 0)
                return -ENOMEM;
        if (!c->is_set)
                return 0;
        if (json_add(object, "certificate", certificate_to_json(c)) < 0)
                return -ENOMEM;
        if (c->is_placeholder)
                return 0;
        if (add_optional(object, "renewalId", signer_renewal_id(signer)) < 0)
                return -ENOMEM;
        return json_add_integer(object, "renewAt", to_seconds(due_moment(c)));
}

static int reply(Signer *signer, VarlinkCall *call, DueReason due)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();

        if (!object || add_configuration(object, signer) < 0 || add_state(object, signer, due) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(object));
}

int method_describe(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        Signer *signer = userdata;
        DueReason due;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return MIN(r, 0);
        due = signer_due(signer, signer->now());
        if (signer->account_door && (due != DUE_NOT || is_to_be_asked(signer))) {
                r = account_door_describe(signer, call);
                if (r != 0)
                        return MIN(r, 0);
        }
        if (due != DUE_NOT) {
                r = foreign_key_admit(signer, call);
                if (r != 0)
                        return MIN(r, 0);
                r = store_check_room(signer->store);
                if (r < 0)
                        return MIN(policy_store_failed(
                                                   signer,
                                                   call,
                                                   r,
                                                   "There is no room for a new certificate of %s "
                                                   "below " STORE_PATH,
                                                   signer->name),
                                   0);
        }
        r = reply(signer, call, due);
        if (r < 0)
                return r;
        /* When the reply is out: what was found at the start, and the keys that will be needed. */
        (void) signer_write_state(signer);
        if (due != DUE_NOT)
                signer_prepare_keys(signer);
        return 0;
}

/* For a signer that has the certificate's key: of what is here nothing but the account, and what it
 * is used for. No key is made by this. */
int method_describe_distant(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        _cleanup_json_ struct json_object *object = NULL;
        Signer *signer = userdata;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return MIN(r, 0);
        object = json_object_new_object();
        if (!object || add_configuration(object, signer) < 0 || add_account(object, signer) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(object));
}
