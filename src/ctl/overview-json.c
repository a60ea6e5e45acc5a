/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The members that acmectl(8) promises. One that is not known is absent. */

#include "ctl/overview.h"

static int add_string(struct json_object *object, const char *name, const char *value)
{
        return value ? json_add_string(object, name, value) : 0;
}

/* 0: not known. A moment that does not fit is of no use to anybody. */
static int add_moment(struct json_object *object, const char *name, usec_t moment_usec)
{
        return moment_usec > 0 && moment_usec <= INT64_MAX
                               ? json_add_integer(object, name, (int64_t) moment_usec)
                               : 0;
}

static int add_certificate(struct json_object *object, const StateCertificate *certificate)
{
        int r;

        r = add_string(object, "keyType", certificate->key_type);
        if (r == 0)
                r = add_string(object, "ca", certificate->ca);
        if (r == 0)
                r = add_string(object, "keySource", certificate->key_source);
        if (r == 0)
                r = add_string(object, "issuer", certificate->issuer);
        if (r == 0)
                r = add_string(object, "serial", certificate->serial);
        if (r == 0)
                r = add_string(object, "fingerprint", certificate->fingerprint);
        if (r == 0)
                r = json_add_strv(object, "identifiers", certificate->identifiers);
        if (r == 0)
                r = add_moment(object, "notBeforeUsec", certificate->not_before_usec);
        if (r == 0)
                r = add_moment(object, "notAfterUsec", certificate->not_after_usec);
        return r;
}

static int add_failure(struct json_object *object, const StateFailure *failure)
{
        _cleanup_json_ struct json_object *told = json_object_new_object();
        int r;

        if (!told)
                return -ENOMEM;
        r = json_add_integer(told, "count", failure->count);
        if (r == 0)
                r = json_add_integer(told, "outcome", failure->outcome);
        if (r == 0)
                r = add_moment(told, "lastUsec", failure->last_usec);
        if (r == 0)
                r = add_moment(told, "nextAttemptUsec", failure->next_attempt_usec);
        if (r == 0)
                r = add_string(told, "problem", failure->problem);
        if (r == 0)
                r = add_string(told, "detail", failure->detail);
        return r == 0 ? json_add(object, "failure", TAKE_PTR(told)) : r;
}

static int add_run(struct json_object *object, const char *name, const OverviewRun *run)
{
        static const char *const words[] = {
                        [UNIT_IDLE] = "idle",
                        [UNIT_RUNNING] = "running",
                        [UNIT_FAILED] = "failed",
        };

        return add_string(object, name, words[run->condition]);
}

static int add_units(struct json_object *object, const Overview *o)
{
        int r;

        r = add_run(object, "renew", &o->runs[OVERVIEW_RENEW]);
        if (r == 0)
                r = add_run(object, "deploy", &o->runs[OVERVIEW_DEPLOY]);
        if (r == 0)
                r = add_run(object, "verify", &o->runs[OVERVIEW_VERIFY]);
        if (r == 0 && o->timer != UNIT_UNKNOWN)
                r = json_add_boolean(object, "timerActive", o->timer == UNIT_RUNNING);
        if (r == 0)
                r = json_add_boolean(object, "timerEnabled", o->timer_is_enabled);
        return r;
}

static int add_attention(struct json_object *object, unsigned attention)
{
        _cleanup_strv_free_ char **words = NULL;
        const char *word;
        int r = 0;

        for (unsigned i = 0; r == 0 && (word = attention_to_string(i)); i++)
                if (attention & (1U << i))
                        r = strv_append(&words, word);
        return r == 0 ? json_add_strv(object, "attention", words) : r;
}

/* Return: 0, -ENOMEM. */
static int add_changed(struct json_object *object, const Overview *o)
{
        _cleanup_strv_free_ char **changed = NULL;
        int r;

        r = overview_get_changed(o, &changed);
        return r == 0 && changed ? json_add_strv(object, "changedSettings", changed) : r;
}

/* What each certificate has of its own. */
static int add_own(struct json_object *object, const Overview *o)
{
        int r;

        r = json_add_string(object, "live", overview_get_live(o));
        if (r == 0 && o->state && o->state->certificate.is_set)
                r = add_certificate(object, &o->state->certificate);
        if (r == 0)
                r = add_string(object, "due", due_reason_to_string(o->due));
        if (r == 0)
                r = add_moment(object, "renewUsec", o->renew_usec);
        if (r == 0)
                r = add_changed(object, o);
        if (r == 0 && o->state && o->state->failure.count > 0)
                r = add_failure(object, &o->state->failure);
        return r;
}

static int add_second(struct json_object *object, const Overview *second)
{
        _cleanup_json_ struct json_object *told = json_object_new_object();
        int r;

        if (!told)
                return -ENOMEM;
        r = add_own(told, second);
        return r == 0 ? json_add(object, "second", TAKE_PTR(told)) : r;
}

int overview_to_json(const Overview *o, struct json_object **ret)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();
        int r;

        if (!object)
                return -ENOMEM;
        r = json_add_string(object, "name", o->name);
        if (r == 0)
                r = add_own(object, o);
        if (r == 0 && o->second)
                r = add_second(object, o->second);
        if (r == 0)
                r = add_units(object, o);
        if (r == 0)
                r = add_attention(object, o->attention);
        if (r == 0)
                *ret = TAKE_PTR(object);
        return r;
}
