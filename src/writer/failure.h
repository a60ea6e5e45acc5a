/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why a target could not be written: one reason, in words for a person and for the audit trail. */

#include "base/exit-status.h"
#include "base/macro.h"

typedef enum FailureReason {
        FAILURE_NONE,
#define FAILURE_REASON(name, word, status, advice) FAILURE_##name,
#include "writer/failure-reasons.h"
#undef FAILURE_REASON
        FAILURE_REASON_MAX,
} FailureReason;

typedef struct Failure {
        FailureReason reason;
        char *path;    /* what it is about; NULL: the target as a whole */
        char *problem; /* what is wrong, without a full stop; NULL without memory */
} Failure;
void failure_done(Failure *failure);

/* Every function of this room that has a Failure * may return this; it is filled in then. */
enum {
        WRITER_E_FAILED = 1,
};

/* Notes the first failure; a later one, of cleaning up, is dropped. path is copied, and may be
 * NULL. Return: WRITER_E_FAILED. */
int failure_set(Failure *failure, FailureReason reason, const char *path, const char *format, ...)
                _printf_(4, 5);

/* The same for a system call: "Cannot <attempt> <path>: <error>"; the reason follows from error,
 * which is -errno. Return: -ENOMEM when that is the error; else WRITER_E_FAILED. */
int failure_set_errno(Failure *failure, int error, const char *path, const char *attempt);

const char *failure_reason_to_string(FailureReason reason);
ExitStatus failure_exit_status(FailureReason reason);

/* Logs it as DEPLOY_FAILED: what, on what, why, what to do. */
void failure_report(const Failure *failure, const char *label);
