/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-ready [--wait-seconds=SECONDS] NAME: the program of acme-ready@NAME.service, which
 * acme-ready@NAME.target stands on. Ends well when a real certificate is live and every target has
 * it; what is missing it asks PID 1 for, once.
 *
 * It is uid 0 without a capability, writes nothing and reads no key. It trusts what the controller
 * has noted, and PID 1. It never waits for who waits for it: neither acme-renew@ nor acme-deploy@
 * is ordered after this unit or the target, and a unit that is, is not waited for by the
 * controller (consumer.c). */

#include <getopt.h>

#include "base/audit.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "base/name.h"
#include "config/config.h"
#include "deploy/record.h"
#include "deploy/step.h"
#include "live/live.h"
#include "manager/manager.h"
#include "version.h"

/* For renewal and deploy together. Most take seconds; who needs longer goes on alone, and the
 * controller starts the target when it is done. A boot waits that long at most. */
#define WAIT_SECONDS 300U
#define WAIT_SECONDS_MAX 3600U

typedef struct Ready {
        const char *name;
        usec_t deadline_usec; /* monotonic */
        Config *config;
        Live *live; /* NULL: nothing is */
        char *fingerprints;
        Manager *manager;
        char *missing; /* the label of a target that has not had what is live */
} Ready;

static void ready_done(Ready *ready)
{
        config_free(ready->config);
        live_free(ready->live);
        free(ready->fingerprints);
        manager_free(ready->manager);
        free(ready->missing);
}

typedef enum ReadyState {
        READY_DONE,
        READY_NOTHING_LIVE,
        READY_PLACEHOLDER,
        READY_NOT_DEPLOYED,
} ReadyState;

/* What is told of one that is not there. */
typedef struct Why {
        const char *reason; /* one word, for ACME_REASON= */
        const char *unit;
        const char *text;
} Why;

static bool is_served(const Ready *ready, Record *record, const char *label, char **steps)
{
        return record_has(record, label, ready->fingerprints, steps);
}

/* The first target that has not had what is live, in ready->missing. */
static int find_missing(Ready *ready)
{
        const Config *config = ready->config;
        _cleanup_(record_freep) Record *record = NULL;
        _cleanup_strv_free_ char **consumers = NULL;
        const char *label = NULL;
        int r;

        free(TAKE_PTR(ready->fingerprints));
        r = live_fingerprints(ready->live,
                              config->n_key_types > 1 ? config_variant(config, 1) : NULL,
                              &ready->fingerprints);
        if (r >= 0)
                r = record_load(ready->name, &record);
        for (size_t i = 0; r >= 0 && !label && i < ready->config->n_deploy; i++) {
                const DeployTarget *target = &ready->config->deploy[i];
                _cleanup_strv_free_ char **steps = NULL;

                r = step_list(target, &steps);
                if (r >= 0 && !is_served(ready, record, target->label, steps))
                        label = target->label;
        }
        if (r >= 0)
                r = step_list_consumers(ready->config->consumers, &consumers);
        if (r >= 0 && !label && consumers && !is_served(ready, record, RECORD_CONSUMERS, consumers))
                label = RECORD_CONSUMERS;
        return r < 0 ? r : free_and_strdup(&ready->missing, label);
}

/* Return: a ReadyState; -errno. */
static int look(Ready *ready)
{
        int r;

        live_free(TAKE_PTR(ready->live));
        r = live_open("", ready->name, &ready->live);
        /* What is damaged, a renewal replaces. */
        if (r == -ENOENT || r == -EBADMSG)
                return READY_NOTHING_LIVE;
        if (r < 0)
                return log_error_errno(r, "Failed to read the certificate that is live");
        if (ready->live->is_placeholder)
                return READY_PLACEHOLDER;
        r = find_missing(ready);
        if (r < 0)
                return log_error_errno(r, "Failed to find out what is deployed");
        return ready->missing ? READY_NOT_DEPLOYED : READY_DONE;
}

/* "acme-renew@NAME.service" */
#define UNIT_NAME_MAX (sizeof("acme-deploy@.service") + CERTIFICATE_NAME_MAX)

static int start(Ready *ready, const char *prefix, char unit[static UNIT_NAME_MAX])
{
        snprintf(unit, UNIT_NAME_MAX, "%s@%s.service", prefix, ready->name);
        log_info("Waiting for %s", unit);
        return manager_job(ready->manager, "StartUnit", unit);
}

static ExitStatus refuse(const Ready *ready, const Why *why)
{
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message,
                     "There is no certificate for %s in use: %s. See systemctl status %s and "
                     "journalctl -x ACME_CERTIFICATE=%s; systemctl start acme-ready@%s.target "
                     "tries again",
                     ready->name,
                     why->text,
                     why->unit,
                     ready->name,
                     ready->name) < 0) {
                message = NULL;
                log_oom();
                return EXIT_TRY_AGAIN;
        }
        audit(AUDIT_NOT_READY,
              message,
              {AUDIT_REASON, why->reason},
              {AUDIT_UNIT, why->unit},
              {AUDIT_TARGET, ready->missing});
        return EXIT_TRY_AGAIN;
}

static ExitStatus refuse_job(const Ready *ready, const char *unit, int error)
{
        _cleanup_free_ char *text = NULL;
        const char *result = manager_result(ready->manager);
        Why why = {.unit = unit, .reason = "unitFailed"};
        int n;

        if (error == -ETIMEDOUT) {
                why.reason = "unitHangs";
                n = asprintf(&text, "%s has not ended in time; it goes on", unit);
        } else if (error < 0) {
                why.reason = "unitRefused";
                n = asprintf(&text,
                             "PID 1 does not start %s: %s",
                             unit,
                             *result ? result : strerror(-error));
        } else
                n = asprintf(&text, "%s was started, and has %s", unit, result);
        if (n < 0) {
                text = NULL;
                log_oom();
                return EXIT_TRY_AGAIN;
        }
        why.text = text;
        return refuse(ready, &why);
}

static ExitStatus refuse_state(const Ready *ready, ReadyState state)
{
        char renew[UNIT_NAME_MAX], deploy[UNIT_NAME_MAX];
        _cleanup_free_ char *text = NULL;
        Why why = {.unit = renew};

        snprintf(renew, sizeof(renew), "acme-renew@%s.service", ready->name);
        snprintf(deploy, sizeof(deploy), "acme-deploy@%s.service", ready->name);
        if (state == READY_NOTHING_LIVE) {
                why.reason = "nothingLive";
                why.text = "the renewal has ended well, and nothing is live";
        } else if (state == READY_PLACEHOLDER) {
                why.reason = "placeholder";
                why.text = "the renewal has ended well, and what is live is a placeholder still";
        } else {
                why.reason = "notDeployed";
                why.unit = deploy;
                if (asprintf(&text, "the target \"%s\" has not had it", ready->missing) < 0) {
                        text = NULL;
                        log_oom();
                        return EXIT_TRY_AGAIN;
                }
                why.text = text;
        }
        return refuse(ready, &why);
}

/* acme-deploy@ has run just before us: when it failed, it would only fail again. */
static bool has_failed(Ready *ready, const char *unit)
{
        _cleanup_free_ char *state = NULL;

        return manager_get_string(ready->manager, unit, "Unit.ActiveState", &state) >= 0 &&
               streq(state, "failed");
}

/* What is missing: a certificate, or the deploy of it. */
static ExitStatus get_it(Ready *ready, ReadyState *state)
{
        char unit[UNIT_NAME_MAX];
        int r;

        if (*state != READY_NOT_DEPLOYED) {
                r = start(ready, "acme-renew", unit);
                if (r != 0)
                        return refuse_job(ready, unit, r);
        } else {
                snprintf(unit, sizeof(unit), "acme-deploy@%s.service", ready->name);
                if (has_failed(ready, unit))
                        return refuse_state(ready, *state);
        }
        /* The renewal's OnSuccess= has started it already; this is for its end. */
        r = start(ready, "acme-deploy", unit);
        if (r < 0)
                return refuse_job(ready, unit, r);
        r = look(ready);
        if (r < 0)
                return EXIT_TRY_AGAIN;
        *state = (ReadyState) r;
        return *state == READY_DONE ? EXIT_DONE : refuse_state(ready, *state);
}

static ExitStatus tell(const Ready *ready)
{
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message,
                     "%s has a certificate in use, with the serial number %s",
                     ready->name,
                     ready->live->serial) < 0) {
                message = NULL;
                log_oom();
                return EXIT_TRY_AGAIN;
        }
        audit(AUDIT_READY,
              message,
              {AUDIT_SERIAL, ready->live->serial},
              {AUDIT_FINGERPRINT, ready->live->fingerprint});
        return EXIT_DONE;
}

static ExitStatus run(Ready *ready)
{
        _cleanup_(config_error_done) ConfigError error = {};
        ExitStatus status;
        ReadyState state;
        int r;

        r = config_load(ready->name, "", &ready->config, &error);
        if (r == CONFIG_E_INVALID) {
                audit(AUDIT_CONFIGURATION_INVALID, error.message, {AUDIT_REASON, error.message});
                return EXIT_CONFIGURATION;
        }
        if (r < 0)
                return log_oom(), EXIT_TRY_AGAIN;
        r = look(ready);
        if (r < 0)
                return EXIT_TRY_AGAIN;
        state = (ReadyState) r;
        if (state != READY_DONE) {
                r = manager_new(&ready->manager);
                if (r < 0) {
                        log_error_errno(r, "Failed to reach PID 1 on the system bus");
                        return EXIT_TRY_AGAIN;
                }
                manager_set_deadline(ready->manager, ready->deadline_usec);
                status = get_it(ready, &state);
                if (status != EXIT_DONE)
                        return status;
        }
        return tell(ready);
}

static void usage(FILE *f)
{
        fprintf(f,
                "acme-ready [--wait-seconds=SECONDS] NAME\n\n"
                "Looks whether the certificate NAME is in use, and has it renewed and deployed if\n"
                "not. Started by acme-ready@NAME.service.\n\n"
                "      --wait-seconds=SECONDS  how long that may take, %u by default\n"
                "  -h, --help                  show this\n"
                "      --version               show the version\n\n"
                "See acme-ready@.target(8).\n",
                WAIT_SECONDS);
}

int main(int argc, char *argv[])
{
        static const struct option options[] = {
                        {"help", no_argument, NULL, 'h'},
                        {"version", no_argument, NULL, 'v'},
                        {"wait-seconds", required_argument, NULL, 'w'},
                        {},
        };
        _cleanup_(ready_done) Ready ready = {};
        unsigned seconds = WAIT_SECONDS;
        bool is_wrong = false;
        ExitStatus status;
        int option;
        char rest;

        log_open("acme-ready");
        while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (option) {
                case 'h':
                        usage(stdout);
                        return EXIT_SUCCESS;
                case 'v':
                        puts("acme-ready " ACMEWARD_VERSION);
                        return EXIT_SUCCESS;
                case 'w':
                        is_wrong |= sscanf(optarg, "%5u%c", &seconds, &rest) != 1 || seconds == 0 ||
                                    seconds > WAIT_SECONDS_MAX;
                        break;
                default:
                        is_wrong = true;
                }
        if (is_wrong || optind != argc - 1) {
                usage(stderr);
                return EXIT_CONFIGURATION;
        }
        ready.name = argv[optind];
        ready.deadline_usec = now_monotonic() + seconds * USEC_PER_SEC;
        log_set_certificate(ready.name);
        status = run(&ready);
        log_flush();
        return (int) status;
}
