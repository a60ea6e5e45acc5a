/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One table says of each reason what it is called, whether a person must act, and what to do. The
 * paths in it are the configuration's, so root's, but a link's target is anybody's: whoever puts
 * such a thing into a problem escapes it before. */

#include "writer/failure.h"

#include <stdarg.h>

#include "base/audit.h"

typedef struct ReasonRow {
        const char *word;
        ExitStatus status;
        const char *advice;
} ReasonRow;

static const ReasonRow reasons[FAILURE_REASON_MAX] = {
#define FAILURE_REASON(name, word, status, advice) [FAILURE_##name] = {word, status, advice},
#include "writer/failure-reasons.h"
#undef FAILURE_REASON
};

void failure_done(Failure *failure)
{
        free(failure->path);
        free(failure->problem);
        *failure = (Failure){};
}

int failure_set(Failure *failure, FailureReason reason, const char *path, const char *format, ...)
{
        va_list ap;

        if (failure->reason != FAILURE_NONE)
                return WRITER_E_FAILED;
        failure->reason = reason;
        failure->path = path ? strdup(path) : NULL;
        va_start(ap, format);
        if (vasprintf(&failure->problem, format, ap) < 0)
                failure->problem = NULL;
        va_end(ap);
        return WRITER_E_FAILED;
}

int failure_set_errno(Failure *failure, int error, const char *path, const char *attempt)
{
        FailureReason reason;

        assert(error < 0);
        if (error == -ENOMEM)
                return error;
        if (error == -ENOSPC || error == -EDQUOT)
                reason = FAILURE_NO_SPACE;
        else if (error == -EROFS)
                reason = FAILURE_READ_ONLY;
        else
                reason = FAILURE_FAILED;
        return failure_set(failure,
                           reason,
                           path,
                           "cannot %s %s: %s",
                           attempt,
                           path,
                           strerror(-error));
}

const char *failure_reason_to_string(FailureReason reason)
{
        assert(reason > FAILURE_NONE && reason < FAILURE_REASON_MAX);
        return reasons[reason].word;
}

ExitStatus failure_exit_status(FailureReason reason)
{
        assert(reason > FAILURE_NONE && reason < FAILURE_REASON_MAX);
        return reasons[reason].status;
}

void failure_report(const Failure *failure, const char *label)
{
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message,
                     "[Deploy %s] is not served, and its files stay as they were: %s. %s",
                     label,
                     failure->problem ?: "not enough memory",
                     reasons[failure->reason].advice) < 0)
                message = NULL;
        audit(AUDIT_DEPLOY_FAILED,
              message ?: "A target is not served",
              {AUDIT_TARGET, label},
              {AUDIT_PATH, failure->path},
              {AUDIT_REASON, failure_reason_to_string(failure->reason)});
}
