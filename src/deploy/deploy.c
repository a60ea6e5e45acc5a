/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What all steps of a run share. A failure ends one target and never the run: the others are
 * served. */

#include "deploy/deploy.h"

#include <stdarg.h>

#include <systemd/sd-daemon.h>

#include "base/log.h"

#define MESSAGE_MAX 2048U

void deploy_done(Deploy *d)
{
        manager_free(d->manager);
        config_free(d->config);
        live_free(d->live);
        free(d->fingerprints);
        record_free(d->record);
        strv_free(d->failed);
}

void deploy_progress(const char *format, ...)
{
        char text[sizeof("STATUS=") + MESSAGE_MAX] = "STATUS=";
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text + strlen(text), MESSAGE_MAX, format, args);
        va_end(args);
        /* Nobody may be listening, and nothing depends on it. */
        (void) sd_notify(0, text);
}

const char *deploy_place(const char *target, char buffer[static DEPLOY_PLACE_MAX])
{
        bool is_section = !streq(target, RECORD_CONSUMERS);

        snprintf(buffer,
                 DEPLOY_PLACE_MAX,
                 "%s%s%s",
                 is_section ? "[Deploy " : "",
                 target,
                 is_section ? "]" : "");
        return buffer;
}

int deploy_fail_quietly(Deploy *d, ExitStatus status, const char *target)
{
        d->status = MAX(d->status, status);
        if (!strv_contains(d->failed, target) && strv_append(&d->failed, target) < 0)
                log_oom();
        return DEPLOY_E_FAILED;
}

int deploy_fail(Deploy *d, const DeployFailure *failure, const char *format, ...)
{
        char message[MESSAGE_MAX];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        audit(AUDIT_DEPLOY_FAILED,
              message,
              {AUDIT_TARGET, failure->target},
              {AUDIT_UNIT, failure->unit},
              {AUDIT_REASON, failure->reason},
              {AUDIT_SERIAL, d->live->serial},
              {AUDIT_FINGERPRINT, d->live->fingerprint});
        return deploy_fail_quietly(d, failure->status, failure->target);
}

void deploy_save(Deploy *d)
{
        int r = record_save(d->record, d->config->name);

        if (r < 0)
                log_warning_errno(r,
                                  "Failed to note what is deployed; consumers may be reloaded once "
                                  "more than needed");
}

void deploy_note(Deploy *d, RecordTarget *noted, const char *step)
{
        if (strv_append(&noted->done, step) < 0)
                log_oom();
        deploy_save(d);
}
