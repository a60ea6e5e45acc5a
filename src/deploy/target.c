/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A target has its files first, then its units, then Exec=. What is done is noted at once, so that
 * a run that is interrupted is gone on with, and a run with nothing to do does nothing.
 *
 * The note of a target is taken off the disk while its files are written: whatever interrupts that,
 * the next run has its consumers look again. */

#include "deploy/target.h"

#include "base/log.h"
#include "config/unit-name.h"
#include "deploy/claim.h"
#include "deploy/consumer.h"
#include "deploy/step.h"
#include "deploy/transient.h"

static bool has_files(const DeployTarget *target)
{
        FOREACH_ARRAY (path, target->paths, DEPLOY_FILE_MAX)
                if (*path)
                        return true;
        return false;
}

/* Return: 0, the files are as live, and noted has what has been done with them; DEPLOY_E_FAILED,
 * nobody knows what the files are, and nothing is noted; -errno. */
static int write_files(Deploy *d, const DeployTarget *target, RecordTarget *noted)
{
        _cleanup_free_ char *fingerprint = NULL;
        _cleanup_strv_free_ char **done = NULL;
        bool is_changed = false;
        int r;

        deploy_progress("Writing the files of %s", target->label);
        fingerprint = TAKE_PTR(noted->fingerprint);
        done = TAKE_PTR(noted->done);
        deploy_save(d);
        r = transient_write(d, target, &is_changed);
        if (r == 0 && !is_changed) {
                noted->fingerprint = TAKE_PTR(fingerprint);
                noted->done = TAKE_PTR(done);
        }
        return r;
}

/* step: "Reload=nginx.service". Return: 0 done now or before; DEPLOY_E_FAILED; -errno. */
static int serve_unit(Deploy *d, RecordTarget *noted, const Consumer *consumer, bool *is_new)
{
        _cleanup_free_ char *step = NULL;
        int r;

        r = step_of_unit(consumer_kind_to_string(consumer->kind), consumer->unit, &step);
        if (r < 0)
                return r;
        if (strv_contains(noted->done, step))
                return 0;
        r = consumer_serve(d, consumer);
        if (r != 0)
                return r;
        *is_new = true;
        /* The rest of the room is for the units that the configuration names. */
        if (!consumer->is_instance ||
            strv_length(noted->done) < RECORD_STEPS_MAX - DEPLOY_UNITS_MAX)
                deploy_note(d, noted, step);
        return 0;
}

/* The instances of a template that run now; who starts later begins with what is live. Each is
 * noted while there is room: of hundreds, some are told again when one of them has failed. */
static int serve_instances(Deploy *d, RecordTarget *noted, const Consumer *template, bool *is_new)
{
        _cleanup_free_ char *step = NULL, *pattern = NULL;
        _cleanup_strv_free_ char **units = NULL;
        size_t prefix = strcspn(template->unit, "@") + 1;
        bool has_failed = false;
        int r;

        r = step_of_unit(consumer_kind_to_string(template->kind), template->unit, &step);
        if (r < 0)
                return r;
        if (strv_contains(noted->done, step))
                return 0;
        if (asprintf(&pattern, "%.*s*%s", (int) prefix, template->unit, template->unit + prefix) <
            0) {
                pattern = NULL;
                return -ENOMEM;
        }
        manager_set_deadline(d->manager, now_monotonic() + d->job_usec);
        r = manager_list_busy(d->manager, pattern, &units);
        if (r < 0)
                return log_error_errno(r, "Failed to list the instances of %s", template->unit);
        STRV_FOREACH (unit, units) {
                Consumer instance = *template;

                instance.unit = *unit;
                instance.is_instance = true;
                r = serve_unit(d, noted, &instance, is_new);
                if (r < 0)
                        return r;
                has_failed |= r > 0;
        }
        if (has_failed)
                return DEPLOY_E_FAILED;
        deploy_note(d, noted, step);
        return 0;
}

/* All units of one setting; one that fails does not keep the others waiting. */
static int
serve_units(Deploy *d, RecordTarget *noted, char **units, const Consumer *pattern, bool *is_new)
{
        bool has_failed = false;

        STRV_FOREACH (unit, units) {
                Consumer consumer = *pattern;
                int r;

                consumer.unit = *unit;
                r = unit_name_is_template(*unit) ? serve_instances(d, noted, &consumer, is_new)
                                                 : serve_unit(d, noted, &consumer, is_new);
                if (r < 0)
                        return r;
                has_failed |= r > 0;
        }
        return has_failed ? DEPLOY_E_FAILED : 0;
}

static int serve_exec(Deploy *d, const DeployTarget *target, RecordTarget *noted, bool *is_new)
{
        _cleanup_free_ char *step = NULL;
        int r;

        if (!target->exec)
                return 0;
        r = step_of_program(target->exec, &step);
        if (r < 0)
                return r;
        if (strv_contains(noted->done, step))
                return 0;
        deploy_progress("Running %s for %s", target->exec[0], target->label);
        r = transient_exec(d, target);
        if (r != 0)
                return r;
        *is_new = true;
        deploy_note(d, noted, step);
        return 0;
}

static int serve_steps(Deploy *d, const DeployTarget *target, RecordTarget *noted, bool *is_new)
{
        Consumer consumer = {
                        .certificate = d->config->name,
                        .target = target->label,
                        .since_usec = now_monotonic(),
        };
        char **const lists[] = {
                        [CONSUMER_RELOAD] = target->reload,
                        [CONSUMER_RESTART] = target->restart,
                        [CONSUMER_TRY_RELOAD] = target->try_reload,
        };
        bool has_failed = false;

        for (consumer.kind = 0; consumer.kind < ELEMENTSOF(lists); consumer.kind++) {
                int r = serve_units(d, noted, lists[consumer.kind], &consumer, is_new);

                if (r < 0)
                        return r;
                has_failed |= r > 0;
        }
        if (has_failed)
                return DEPLOY_E_FAILED;
        return serve_exec(d, target, noted, is_new);
}

static void tell(const Deploy *d, const char *label)
{
        _cleanup_free_ char *message = NULL;
        char place[DEPLOY_PLACE_MAX];

        if (asprintf(&message,
                     "%s has the %s with the serial number %s",
                     deploy_place(label, place),
                     d->live->is_placeholder ? "placeholder" : "certificate",
                     d->live->serial) < 0) {
                message = NULL;
                return (void) log_oom();
        }
        audit(AUDIT_DEPLOYED,
              message,
              {AUDIT_TARGET, label},
              {AUDIT_SERIAL, d->live->serial},
              {AUDIT_FINGERPRINT, d->live->fingerprint});
}

int target_serve(Deploy *d, const DeployTarget *target)
{
        RecordTarget *noted = record_get(d->record, target->label);
        bool is_new = false;
        int r = 0;

        if (!noted)
                return -ENOMEM;
        if (has_files(target))
                r = claim_paths(d, target, noted);
        if (r == 0 && has_files(target))
                r = write_files(d, target, noted);
        if (r != 0)
                return r;
        if (!streq_ptr(noted->fingerprint, d->fingerprints)) {
                r = record_target_reset(noted, d->fingerprints);
                if (r < 0)
                        return r;
                is_new = true;
        }
        deploy_save(d);
        r = serve_steps(d, target, noted, &is_new);
        if (r == 0 && is_new)
                tell(d, target->label);
        return r;
}

int target_serve_consumers(Deploy *d)
{
        const Consumer pattern = {
                        .kind = CONSUMER_CREDENTIAL,
                        .certificate = d->config->name,
                        .target = RECORD_CONSUMERS,
                        .since_usec = now_monotonic(),
        };
        RecordTarget *noted = record_get(d->record, RECORD_CONSUMERS);
        bool is_new = false;
        int r;

        if (!noted)
                return -ENOMEM;
        if (!streq_ptr(noted->fingerprint, d->fingerprints)) {
                r = record_target_reset(noted, d->fingerprints);
                if (r < 0)
                        return r;
        }
        r = serve_units(d, noted, d->config->consumers, &pattern, &is_new);
        if (r == 0 && is_new)
                tell(d, RECORD_CONSUMERS);
        return r;
}
