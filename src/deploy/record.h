/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* /var/lib/acme/deploy/NAME.json: which certificate each target has had, and which of its steps are
 * done for that one. It is a cache: without it, steps are done once more than needed. */

#include "base/name.h"
#include "base/strv.h"
#include "config/deploy-target.h"

/* Where the units of Consumers= are noted; no label, as it has an '='. */
#define RECORD_CONSUMERS "Consumers="

#define RECORD_DIRECTORY "/var/lib/acme/deploy"

/* Of one target: its units and Exec=. Of Consumers=: its units, and of their instances what fits.
 */
#define RECORD_STEPS_MAX (3U * DEPLOY_UNITS_MAX + 1U)

/* Of two certificates, with a blank between them: live_fingerprints(). */
#define RECORD_FINGERPRINTS_BYTES (2U * 64U + 1U)

typedef struct RecordTarget {
        char *label;
        char *fingerprint; /* as live_fingerprints(); NULL: none */
        char **done;       /* "Reload=nginx.service", … */
        char **paths;      /* of its files, which nobody else may have; see claim.h */
} RecordTarget;

typedef struct Record {
        RecordTarget targets[DEPLOY_TARGETS_MAX + 1];
        size_t n;
} Record;

int record_new(Record **ret);
void record_free(Record *record);
DEFINE_CLEANUP(Record *, record_free);

/* What is noted of a target, made when there is nothing; NULL when there are too many, or no
 * memory. */
RecordTarget *record_get(Record *record, const char *label);

/* Has the target had this certificate, and have all of these steps been done with it? */
bool record_has(Record *record, const char *label, const char *fingerprint, char **steps);

/* Notes that the target has this certificate and nothing has been done with it. Return: 0, -ENOMEM.
 */
int record_target_reset(RecordTarget *target, const char *fingerprint);

/* Drops what is noted of targets that the configuration has no more. */
void record_keep_only(Record *record, const DeployTarget *targets, size_t n);

/* Return: 0; RECORD_E_DAMAGED; -ENOMEM. */
enum {
        RECORD_E_DAMAGED = 1,
};
int record_parse(const char *text, size_t length, Record **ret);
int record_format(const Record *record, char **ret);

/* From and to the file; one that is missing, damaged or not to be read is an empty record.
 * Return: 0, -errno. */
int record_load(const char *name, Record **ret);
int record_save(const Record *record, const char *name);

/* Whose record is this file of RECORD_DIRECTORY? false: nobody's. */
bool record_file_to_name(const char *file, char ret[static CERTIFICATE_NAME_MAX + 1]);
