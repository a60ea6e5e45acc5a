/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* state.json, written: what state-parse.c reads, in the order that a person wants to read it. */

#include "state/state.h"
#include "json/json.h"

/* The latest moment that can be written; the reader takes INT64_MAX for an overflow. */
#define MOMENT_MAX_USEC ((usec_t) INT64_MAX - 1)

/* A moment that the file can hold; one that is never comes as late as it can. */
static int add_usec(struct json_object *object, const char *name, usec_t usec)
{
        return json_add_integer(object, name, (int64_t) MIN(usec, MOMENT_MAX_USEC));
}

/* NULL leaves the member out. */
static int add_optional(struct json_object *object, const char *name, const char *value)
{
        return value ? json_add_string(object, name, value) : 0;
}

static int format_renewal_info(struct json_object *certificate, const StateRenewalInfo *info)
{
        struct json_object *o;
        int r;

        if (info->again_usec == 0)
                return 0;
        o = json_object_new_object();
        r = json_add(certificate, "renewalInfo", o);
        if (r < 0)
                return r;
        if (add_usec(o, "againUsec", info->again_usec) < 0 ||
            (info->moment_usec > 0 && add_usec(o, "momentUsec", info->moment_usec) < 0))
                return -ENOMEM;
        return add_optional(o, "explanation", info->explanation);
}

static int format_revocation(struct json_object *certificate, const StateRevocation *revocation)
{
        struct json_object *o;
        int r;

        if (revocation->asked_usec == 0)
                return 0;
        o = json_object_new_object();
        r = json_add(certificate, "revocation", o);
        if (r < 0)
                return r;
        if (add_usec(o, "askedUsec", revocation->asked_usec) < 0 ||
            (revocation->revoked_usec > 0 &&
             add_usec(o, "revokedUsec", revocation->revoked_usec) < 0))
                return -ENOMEM;
        return add_optional(o, "reason", revocation->reason);
}

static int format_certificate(struct json_object *document, const StateCertificate *c)
{
        struct json_object *o;
        int r;

        if (!c->is_set)
                return 0;
        o = json_object_new_object();
        r = json_add(document, "certificate", o);
        if (r < 0)
                return r;
        if (json_add_string(o, "generation", c->generation) < 0 ||
            json_add_string(o, "serial", c->serial) < 0 ||
            json_add_string(o, "fingerprint", c->fingerprint) < 0 ||
            json_add_string(o, "issuer", c->issuer) < 0 ||
            add_usec(o, "notBeforeUsec", c->not_before_usec) < 0 ||
            add_usec(o, "notAfterUsec", c->not_after_usec) < 0 ||
            add_usec(o, "installedUsec", c->installed_usec) < 0 ||
            add_usec(o, "checkedUsec", c->checked_usec) < 0 ||
            json_add_strv(o, "identifiers", c->identifiers) < 0 ||
            json_add_string(o, "keyType", c->key_type) < 0)
                return -ENOMEM;
        if (c->is_placeholder && json_add_boolean(o, "placeholder", true) < 0)
                return -ENOMEM;
        if (add_optional(o, "keySource", c->key_source) < 0 ||
            add_optional(o, "directory", c->directory) < 0 || add_optional(o, "ca", c->ca) < 0 ||
            (c->wishes && json_add_strv(o, "wishes", c->wishes) < 0))
                return -ENOMEM;
        r = format_revocation(o, &c->revocation);
        return r < 0 ? r : format_renewal_info(o, &c->renewal_info);
}

static int format_order(struct json_object *document, const StateOrder *order)
{
        struct json_object *o;
        int r;

        if (!order->url)
                return 0;
        o = json_object_new_object();
        r = json_add(document, "order", o);
        if (r < 0)
                return r;
        if (json_add_string(o, "url", order->url) < 0 ||
            add_usec(o, "createdUsec", order->created_usec) < 0 ||
            json_add_strv(o, "identifiers", order->identifiers) < 0 ||
            (order->wishes && json_add_strv(o, "wishes", order->wishes) < 0))
                return -ENOMEM;
        return json_add_string(o, "directory", order->directory);
}

static int format_failure(struct json_object *document, const StateFailure *f)
{
        struct json_object *o;
        int r;

        if (f->count == 0)
                return 0;
        o = json_object_new_object();
        r = json_add(document, "failure", o);
        if (r < 0)
                return r;
        if (json_add_integer(o, "count", f->count) < 0 ||
            add_usec(o, "lastUsec", f->last_usec) < 0 ||
            json_add_integer(o, "outcome", f->outcome) < 0 ||
            add_optional(o, "problem", f->problem) < 0 ||
            add_optional(o, "detail", f->detail) < 0 ||
            add_usec(o, "nextAttemptUsec", f->next_attempt_usec) < 0)
                return -ENOMEM;
        return add_optional(o, "settings", f->settings);
}

static int format_authorities(struct json_object *document, const State *state)
{
        struct json_object *list;
        int r;

        if (state->n_authorities == 0)
                return 0;
        list = json_object_new_array();
        r = json_add(document, "authorities", list);
        if (r < 0)
                return r;
        FOREACH_ARRAY (authority, state->authorities, state->n_authorities) {
                struct json_object *o = json_object_new_object();

                if (!o || json_object_array_add(list, o) < 0) {
                        json_object_put(o);
                        return -ENOMEM;
                }
                if (json_add_string(o, "directory", authority->directory) < 0 ||
                    format_failure(o, &authority->failure) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int state_format(const State *state, char **ret)
{
        _cleanup_json_ struct json_object *document = json_object_new_object();
        const char *text;
        char *copy;

        if (!document || json_add_integer(document, "version", STATE_VERSION) < 0 ||
            add_optional(document, "thumbprint", state->thumbprint) < 0 ||
            format_certificate(document, &state->certificate) < 0 ||
            format_order(document, &state->order) < 0 ||
            format_failure(document, &state->failure) < 0 ||
            (state->challenges && json_add_strv(document, "challenges", state->challenges) < 0) ||
            (state->issuers && json_add_strv(document, "issuers", state->issuers) < 0) ||
            format_authorities(document, state) < 0)
                return -ENOMEM;
        text = json_object_to_json_string_ext(document,
                                              JSON_C_TO_STRING_PRETTY |
                                                              JSON_C_TO_STRING_NOSLASHESCAPE);
        if (!text || asprintf(&copy, "%s\n", text) < 0)
                return -ENOMEM;
        *ret = copy;
        return 0;
}
