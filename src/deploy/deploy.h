/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run of the controller: what it works with, and how it tells what went wrong. */

#include "base/audit.h"
#include "base/exit-status.h"
#include "config/config.h"
#include "deploy/record.h"
#include "live/live.h"
#include "manager/manager.h"

/* Of locks, and of who is waiting: RuntimeDirectory= of the unit. */
#define DEPLOY_RUN_DIRECTORY "/run/acme/deploy"

typedef struct Deploy {
        Manager *manager;
        Config *config;
        Live *live;
        char *fingerprints; /* live_fingerprints() */
        Record *record;
        usec_t job_usec;   /* a reload or restart may take that long */
        ExitStatus status; /* the worst until now */
        char **failed;     /* labels of the targets that failed */
} Deploy;
void deploy_done(Deploy *d);

/* What a function of this room returns when the run goes on without what it was to do; it has been
 * told by deploy_fail() then. */
enum {
        DEPLOY_E_FAILED = 1,
};

/* A failure of one target: an entry DEPLOY_FAILED and the exit status. */
typedef struct DeployFailure {
        ExitStatus status;
        const char *reason; /* one word, for ACME_REASON= */
        const char *target;
        const char *unit; /* may be NULL */
} DeployFailure;

/* The message is whole: what was attempted, on what, why it failed, what to do.
 * Return: DEPLOY_E_FAILED. */
int deploy_fail(Deploy *d, const DeployFailure *failure, const char *format, ...) _printf_(3, 4);

/* Where a target comes from, in the words of the file: "[Deploy web]", "Consumers=".
 * Return: buffer. */
#define DEPLOY_PLACE_MAX (sizeof("[Deploy ]") + DEPLOY_LABEL_MAX)
const char *deploy_place(const char *target, char buffer[static DEPLOY_PLACE_MAX]);

/* The same when it has been told already, by the program that failed. Return: DEPLOY_E_FAILED. */
int deploy_fail_quietly(Deploy *d, ExitStatus status, const char *target);

/* For people, by STATUS=. */
void deploy_progress(const char *format, ...) _printf_(1, 2);

/* Notes that a step of a target is done, on disk, too. Failures are logged, and cost a reload. */
void deploy_note(Deploy *d, RecordTarget *noted, const char *step);
void deploy_save(Deploy *d);
