/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For people: 80 columns while names are short. Nothing reaches the terminal that has not been
 * escaped, whoever has written it. */

#include "base/escape.h"
#include "ctl/overview.h"

#define LIVE_WIDTH 18
#define DATE_LENGTH 10 /* of FORMAT_TIMESTAMP(): the date */
#define NOTE "    "

void overview_print_head(FILE *f, int name_width)
{
        fprintf(f,
                "%-*s %-*s %-*s %-22s %s\n",
                name_width,
                "NAME",
                LIVE_WIDTH,
                "LIVE",
                DATE_LENGTH,
                "NOT AFTER",
                "RENEWAL",
                "TIMER");
}

/* Return: a new string, NULL without memory. */
static char *fit(const char *text, size_t max)
{
        return escape_message(text, strlen(text), max);
}

static const char *timer_word(const Overview *o)
{
        switch (o->timer) {
        case UNIT_RUNNING:
                return o->timer_is_enabled ? "on" : "until boot";
        case UNIT_UNKNOWN:
                return o->timer_is_enabled ? "enabled" : "disabled";
        default:
                return o->timer_is_enabled ? "from boot" : "off";
        }
}

static void format_renewal(const Overview *o, char buffer[static TIMESTAMP_MAX])
{
        const char *reason = due_reason_to_string(o->due);

        if (o->renew_usec == 0)
                (void) snprintf(buffer, TIMESTAMP_MAX, "-");
        else if (o->renew_usec <= o->now_usec)
                (void) snprintf(buffer, TIMESTAMP_MAX, "now: %.*s", 20, reason ?: "expiring");
        else
                (void) snprintf(buffer,
                                TIMESTAMP_MAX,
                                "%.*s%s%.*s",
                                DATE_LENGTH,
                                FORMAT_TIMESTAMP(o->renew_usec),
                                reason ? ": " : "",
                                12,
                                reason ?: "");
}

/* Return: 0, -ENOMEM. */
static int print_row(const Overview *o, FILE *f, int name_width)
{
        const StateCertificate *certificate =
                        o->state && o->state->certificate.is_set ? &o->state->certificate : NULL;
        const char *live = overview_get_live(o);
        _cleanup_free_ char *shown = NULL;
        char renewal[TIMESTAMP_MAX];

        if (certificate && streq(live, "live") && (certificate->ca || certificate->issuer))
                live = certificate->ca ?: certificate->issuer;
        shown = fit(live, LIVE_WIDTH);
        if (!shown)
                return -ENOMEM;
        format_renewal(o, renewal);
        fprintf(f,
                "%-*s %-*s %-*.*s %-22s %s\n",
                name_width,
                o->name,
                LIVE_WIDTH,
                shown,
                DATE_LENGTH,
                DATE_LENGTH,
                certificate ? FORMAT_TIMESTAMP(certificate->not_after_usec) : "-",
                renewal,
                timer_word(o));
        return 0;
}

/* Return: 0, -ENOMEM. */
static int print_note(FILE *f, const char *what, const char *text)
{
        _cleanup_free_ char *shown = text ? fit(text, FOREIGN_TEXT_MAX) : NULL;

        if (text && !shown)
                return -ENOMEM;
        fprintf(f, NOTE "%s%s%s\n", what, shown ? ": " : "", shown ?: "");
        return 0;
}

/* Return: 0, -ENOMEM. */
static int print_failure(const StateFailure *failure, FILE *f)
{
        char what[128];

        (void) snprintf(what,
                        sizeof(what),
                        "%u failed, the last at %s, next attempt %s",
                        failure->count,
                        FORMAT_TIMESTAMP(failure->last_usec),
                        FORMAT_TIMESTAMP(failure->next_attempt_usec));
        return print_note(f, what, failure->detail ?: failure->problem);
}

/* Return: 0, -ENOMEM. */
static int print_runs(const Overview *o, FILE *f)
{
        static const char *const prefixes[] = {
                        [OVERVIEW_RENEW] = "acme-renew",
                        [OVERVIEW_DEPLOY] = "acme-deploy",
                        [OVERVIEW_VERIFY] = "acme-verify",
        };
        int r = 0;

        for (size_t i = 0; r == 0 && i < OVERVIEW_UNIT_MAX; i++) {
                char what[128];

                if (o->runs[i].condition != UNIT_FAILED)
                        continue;
                /* It has been told already. */
                if (i == OVERVIEW_RENEW && o->state && o->state->failure.count > 0)
                        continue;
                (void) snprintf(what,
                                sizeof(what),
                                "%s@%s.service has failed",
                                prefixes[i],
                                o->name);
                r = print_note(f, what, o->runs[i].said);
        }
        return r;
}

/* Return: 0, -ENOMEM. */
static int print_changed(const Overview *o, FILE *f)
{
        _cleanup_strv_free_ char **changed = NULL;
        _cleanup_free_ char *names = NULL;
        int r;

        r = overview_get_changed(o, &changed);
        if (r < 0 || !changed)
                return r;
        r = strv_join(changed, " ", &names);
        return r < 0 ? r : print_note(f, "changed, and counts from the next renewal on", names);
}

/* The row of the second key type, with that for its name. */
static int print_second(const Overview *o, FILE *f, int name_width)
{
        int r;

        r = print_row(o, f, name_width);
        return r == 0 && o->state && o->state->failure.count > 0
                               ? print_failure(&o->state->failure, f)
                               : r;
}

int overview_print(const Overview *o, FILE *f, int name_width)
{
        int r;

        r = print_row(o, f, name_width);
        if (r == 0 && !o->config)
                r = print_note(f, "settings", o->config_message);
        if (r == 0 && o->config && o->config->csr)
                r = print_note(f, "its key is somebody else's, by the request", o->config->csr);
        if (r == 0)
                r = print_changed(o, f);
        if (r == 0 && o->config && o->config->key_uri)
                r = print_note(f, "its key is in a token", o->config->key_uri);
        if (r == 0 && o->attention & ATTENTION_NO_STATE)
                r = print_note(f,
                               "state.json cannot be used, and the next renewal makes it anew",
                               strerrordesc_np(-o->state_error));
        if (r == 0 && o->state && o->state->failure.count > 0)
                r = print_failure(&o->state->failure, f);
        if (r == 0 && o->second)
                r = print_second(o->second, f, name_width);
        if (r == 0)
                r = print_runs(o, f);
        if (r == 0 && o->attention & ATTENTION_DRY_RUN)
                r = print_note(f,
                               "DryRun=yes: renewals are only tried out, and it will expire",
                               NULL);
        if (r == 0 && o->attention & ATTENTION_NO_TIMER) {
                fprintf(f,
                        NOTE "nothing renews it: systemctl enable --now acme-renew@%s.timer\n",
                        o->name);
        }
        return r;
}
