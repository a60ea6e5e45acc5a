/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The verdict. state.json is a cache that may be old or say anything: no number in it is trusted to
 * be sensible, and none is used but to be compared and shown. */

#include "ctl/overview.h"

#include "base/exit-status.h"
#include "state/wishes.h"

static const char *const attention_words[] = {
                "noState",
                "configuration",
                "refused",
                "expired",
                "revoked",
                "deployFailed",
                "verifyFailed",
                "noTimer",
                "dryRun",
};

const char *attention_to_string(unsigned i)
{
        return i < ELEMENTSOF(attention_words) ? attention_words[i] : NULL;
}

static const StateCertificate *get_certificate(const Overview *o)
{
        return o->state && o->state->certificate.is_set ? &o->state->certificate : NULL;
}

const char *overview_get_live(const Overview *o)
{
        const StateCertificate *certificate = get_certificate(o);

        if (!o->state && o->state_error != -ENOENT)
                return "unknown";
        if (!certificate)
                return "none";
        if (certificate->is_placeholder)
                return "placeholder";
        if (certificate->revocation.asked_usec > 0)
                return "revoked";
        return certificate->not_after_usec <= o->now_usec ? "expired" : "live";
}

/* A certificate that is due, too, waits for the time that its last failure has set; not so when
 * somebody has asked for it. */
static usec_t renew_at(const Overview *o)
{
        const StateFailure *failure = o->state ? &o->state->failure : NULL;

        if (!o->config || (!o->state && o->state_error != -ENOENT))
                return 0;
        if (o->due == DUE_NOT)
                return due_moment(&o->state->certificate);
        if (failure && failure->count > 0 && o->due != DUE_REQUESTED)
                return MAX(failure->next_attempt_usec, o->now_usec);
        return o->now_usec;
}

static DueReason evaluate(const Overview *o)
{
        const StateCertificate *certificate = get_certificate(o);

        if (!certificate)
                return o->state || o->state_error == -ENOENT ? DUE_FIRST : DUE_NOT;
        return o->config ? due_evaluate(certificate, o->config, o->requested_usec, o->now_usec)
                         : DUE_NOT;
}

int overview_get_changed(const Overview *o, char ***ret)
{
        const StateCertificate *certificate = get_certificate(o);

        *ret = NULL;
        return certificate && !certificate->is_placeholder && o->config
                               ? wishes_changed(certificate->wishes, o->config, ret)
                               : 0;
}

/* A renewal may fail before a signer can note it. */
static bool ended_with(const Overview *o, ExitStatus status)
{
        return (o->state && o->state->failure.count > 0 &&
                o->state->failure.outcome == (int) status) ||
               (o->runs[OVERVIEW_RENEW].condition == UNIT_FAILED &&
                o->runs[OVERVIEW_RENEW].exit_status == (int) status);
}

void overview_judge(Overview *o)
{
        const char *live = overview_get_live(o);
        bool is_forsaken;

        o->due = evaluate(o);
        o->renew_usec = renew_at(o);
        /* Not while it is being renewed, or a failure is followed by other attempts. */
        is_forsaken = o->due != DUE_NOT && o->timer != UNIT_UNKNOWN && o->timer != UNIT_RUNNING &&
                      o->retry_timer != UNIT_RUNNING &&
                      o->runs[OVERVIEW_RENEW].condition != UNIT_RUNNING;
        o->attention = (streq(live, "unknown") ? ATTENTION_NO_STATE : 0U) |
                       (!o->config || ended_with(o, EXIT_CONFIGURATION) ? ATTENTION_CONFIGURATION
                                                                        : 0U) |
                       (ended_with(o, EXIT_REFUSED) ? ATTENTION_REFUSED : 0U) |
                       (streq(live, "expired") ? ATTENTION_EXPIRED : 0U) |
                       (streq(live, "revoked") ? ATTENTION_REVOKED : 0U) |
                       (o->runs[OVERVIEW_DEPLOY].condition == UNIT_FAILED ? ATTENTION_DEPLOY : 0U) |
                       (o->runs[OVERVIEW_VERIFY].condition == UNIT_FAILED ? ATTENTION_VERIFY : 0U) |
                       (is_forsaken ? ATTENTION_NO_TIMER : 0U) |
                       (o->config && o->config->dry_run ? ATTENTION_DRY_RUN : 0U);
        if (o->second)
                o->attention |= o->second->attention;
}
