/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-deploy [--job-seconds=SECONDS] NAME: the controller of acme-deploy@NAME.service. It compares
 * what is live with what each target has had, and has PID 1 do what is missing: write files, reload
 * units, run programs, each in a unit of its own.
 *
 * It is uid 0 without a capability, reads no key and writes to nothing but its record and its
 * locks. What it reads is the configuration, the public half of what is live, and what PID 1
 * answers. */

#include <getopt.h>

#include "base/log.h"
#include "deploy/burst.h"
#include "deploy/plan.h"
#include "deploy/target.h"
#include "version.h"

/* A little longer than PID 1 gives a unit to start or to reload (DefaultTimeoutStartSec=), so that
 * it is PID 1 who ends what hangs, and the unit says so. */
#define JOB_SECONDS 100U
#define JOB_SECONDS_MAX 1200U

/* A certificate that changes while it is deployed is deployed again. More often than that nobody
 * renews. */
#define ROUNDS_MAX 5U

/* Target i is not served when the one before it was not. */
static bool is_kept_waiting(Deploy *d, const DeployTarget *target)
{
        if (!target->after || !strv_contains(d->failed, target->after))
                return false;
        log_notice("[Deploy %s] has to wait: it comes after [Deploy %s], which has failed",
                   target->label,
                   target->after);
        (void) deploy_fail_quietly(d, EXIT_TRY_AGAIN, target->label);
        return true;
}

static int serve_all(Deploy *d)
{
        size_t order[DEPLOY_TARGETS_MAX];
        int r;

        plan_order(d->config->deploy, d->config->n_deploy, order);
        for (size_t i = 0; i < d->config->n_deploy; i++) {
                const DeployTarget *target = &d->config->deploy[order[i]];

                if (is_kept_waiting(d, target))
                        continue;
                r = target_serve(d, target);
                if (r < 0)
                        return log_error_errno(r, "Failed to serve [Deploy %s]", target->label);
        }
        return d->config->consumers ? target_serve_consumers(d) : 0;
}

static const char *second_variant(const Deploy *d)
{
        return d->config->n_key_types > 1 ? config_variant(d->config, 1) : NULL;
}

/* Return: 1 served what is live; 0 nothing is; -errno. */
static int serve_live(Deploy *d)
{
        _cleanup_(live_freep) Live *live = NULL;
        _cleanup_free_ char *fingerprints = NULL;
        int r;

        r = live_open("", d->config->name, &live);
        if (r == -ENOENT) {
                log_info("Nothing is live yet, so there is nothing to deploy");
                return 0;
        }
        if (r == 0)
                r = live_fingerprints(live, second_variant(d), &fingerprints);
        if (r < 0)
                return log_error_errno(r,
                                       "Failed to read the certificate that is live; systemctl "
                                       "start acme-renew@%s gets another",
                                       d->config->name);
        live_free(d->live);
        d->live = TAKE_PTR(live);
        free(d->fingerprints);
        d->fingerprints = TAKE_PTR(fingerprints);
        strv_free(TAKE_PTR(d->failed));
        d->status = EXIT_DONE;
        r = serve_all(d);
        return r < 0 ? r : 1;
}

static int serve_until_unchanged(Deploy *d)
{
        for (unsigned round = 0; round < ROUNDS_MAX; round++) {
                _cleanup_free_ char *generation = NULL;
                int r;

                r = serve_live(d);
                if (r <= 0)
                        return r;
                r = live_generation("", d->config->name, &generation);
                if (r < 0 || streq(generation, d->live->generation))
                        return r < 0 ? r : 1;
        }
        return 1;
}

/* What orders itself after a real certificate may begin. That is reached when acme-ready@ has
 * looked, which waits until we have gone. */
static int get_ready(Deploy *d)
{
        _cleanup_free_ char *unit = NULL, *state = NULL;
        int r;

        if (d->live->is_placeholder)
                return 0;
        if (asprintf(&unit, "acme-ready@%s.target", d->config->name) < 0) {
                unit = NULL;
                return -ENOMEM;
        }
        manager_set_deadline(d->manager, now_monotonic() + d->job_usec);
        if (manager_get_string(d->manager, unit, "Unit.ActiveState", &state) >= 0 &&
            streq(state, "active"))
                return 0;
        r = manager_queue(d->manager, "StartUnit", unit);
        /* The certificate is deployed all the same. */
        if (r < 0)
                log_warning_errno(r, "PID 1 did not start %s", unit);
        return 0;
}

static int run(Deploy *d)
{
        int r;

        burst_resume(d->config->name);
        r = manager_new(&d->manager);
        if (r < 0)
                return log_error_errno(r, "Failed to reach PID 1 on the system bus");
        r = record_load(d->config->name, &d->record);
        if (r < 0)
                return r;
        record_keep_only(d->record, d->config->deploy, d->config->n_deploy);
        r = serve_until_unchanged(d);
        if (r <= 0)
                return r;
        if (d->status != EXIT_DONE) {
                _cleanup_free_ char *failed = NULL;

                if (strv_join(d->failed, " ", &failed) == 0)
                        deploy_progress("Failed: %s", failed);
                return 0;
        }
        deploy_progress("%s is deployed", d->live->serial);
        return get_ready(d);
}

static void usage(FILE *f)
{
        fprintf(f,
                "acme-deploy [--job-seconds=SECONDS] NAME\n\n"
                "Brings the certificate NAME to those who use it. Started by\n"
                "acme-deploy@NAME.service, which gives it its record and its locks.\n\n"
                "      --job-seconds=SECONDS  how long a reload may take, %u by default\n"
                "  -h, --help                 show this\n"
                "      --version              show the version\n\n"
                "See acme-deploy@.service(8).\n",
                JOB_SECONDS);
}

/* Return: 0; 1, the command line was answered; -EINVAL. */
static int parse_arguments(int argc, char *argv[], const char **ret_name, usec_t *ret_job_usec)
{
        static const struct option options[] = {
                        {"help", no_argument, NULL, 'h'},
                        {"version", no_argument, NULL, 'v'},
                        {"job-seconds", required_argument, NULL, 'j'},
                        {},
        };
        unsigned seconds = JOB_SECONDS;
        int option;
        char rest;

        while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (option) {
                case 'h':
                        usage(stdout);
                        return 1;
                case 'v':
                        puts("acme-deploy " ACMEWARD_VERSION);
                        return 1;
                case 'j':
                        if (sscanf(optarg, "%5u%c", &seconds, &rest) != 1)
                                return -EINVAL;
                        break;
                default:
                        return -EINVAL;
                }
        if (seconds == 0 || seconds > JOB_SECONDS_MAX || optind != argc - 1)
                return -EINVAL;
        *ret_name = argv[optind];
        *ret_job_usec = seconds * USEC_PER_SEC;
        return 0;
}

int main(int argc, char *argv[])
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(deploy_done) Deploy d = {};
        const char *name;
        int r;

        log_open("acme-deploy");
        r = parse_arguments(argc, argv, &name, &d.job_usec);
        if (r < 0)
                usage(stderr);
        if (r != 0)
                return r < 0 ? EXIT_CONFIGURATION : EXIT_DONE;
        log_set_certificate(name);
        r = config_load(name, "", &d.config, &error);
        config_log_warnings(r == 0 ? d.config->warnings : error.warnings);
        if (r == CONFIG_E_INVALID) {
                audit(AUDIT_CONFIGURATION_INVALID, error.message, {AUDIT_REASON, error.message});
                log_flush();
                return EXIT_CONFIGURATION;
        }
        if (r < 0)
                return log_oom(), EXIT_TRY_AGAIN;
        r = run(&d);
        log_flush();
        return r < 0 ? EXIT_TRY_AGAIN : (int) d.status;
}
