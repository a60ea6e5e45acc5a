/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Attempts that failed. The count and the time of the next attempt outlive the client, which has no
 * file of its own; a client that does not live to report is counted when its connection ends. */

#include "base/escape.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "signer/peer.h"
#include "signer/policy.h"

#define PROBLEM_BYTES_MAX 256U
#define DETAIL_BYTES_MAX 16384U
#define RETRY_AFTER_MAX_SEC 31536000U /* a year; what counts of it is retry_next_attempt()'s */
#define OUTCOME_MAX 255

/* A sentence or two, and the subproblems of a few names. */
#define DETAIL_STORED_MAX 2048U

const JsonField report_failure_fields[] = {
                {"outcome",
                 JSON_INTEGER,
                 offsetof(FailureParameters, outcome),
                 OUTCOME_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"problem",
                 JSON_STRING,
                 offsetof(FailureParameters, problem),
                 PROBLEM_BYTES_MAX,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"detail",
                 JSON_STRING,
                 offsetof(FailureParameters, detail),
                 DETAIL_BYTES_MAX,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"retryAfter",
                 JSON_INTEGER,
                 offsetof(FailureParameters, retry_after),
                 RETRY_AFTER_MAX_SEC,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {},
};

/* text may be NULL. The client has escaped what came from the CA; it is not trusted to have.
 * Return: 0, -ENOMEM. */
static int copy_text(char **target, const char *text, size_t max)
{
        char *copy = NULL;

        if (text) {
                copy = escape_message(text, strlen(text), max);
                if (!copy)
                        return -ENOMEM;
        }
        free(*target);
        *target = copy;
        return 0;
}

int signer_note_failure(const Signer *signer,
                        StateFailure *failure,
                        int outcome,
                        const char *problem,
                        const char *detail,
                        usec_t retry_after_usec)
{
        usec_t now_usec = signer->now();
        char *settings = NULL;

        if (copy_text(&failure->problem, problem, PROBLEM_BYTES_MAX) < 0 ||
            copy_text(&failure->detail, detail, DETAIL_STORED_MAX) < 0 ||
            due_settings_fingerprint(signer->config, &settings) < 0)
                return -ENOMEM;
        free(failure->settings);
        failure->settings = settings;
        failure->outcome = outcome;
        failure->last_usec = now_usec;
        if (failure->count < UINT32_MAX)
                failure->count++;
        failure->next_attempt_usec = retry_next_attempt(&signer->state->certificate,
                                                        failure->count,
                                                        retry_after_usec,
                                                        now_usec);
        return 0;
}

int signer_count_failure(Signer *signer,
                         int outcome,
                         const char *problem,
                         const char *detail,
                         usec_t retry_after_usec,
                         usec_t *ret_next_usec)
{
        StateFailure *failure = &signer->state->failure;
        int r;

        r = signer_note_failure(signer,
                                failure,
                                outcome,
                                problem,
                                detail,
                                signer_bound_retry_after(signer, retry_after_usec));
        if (r < 0)
                return r;
        (void) signer_write_state(signer);
        if (ret_next_usec)
                *ret_next_usec = failure->next_attempt_usec;
        return 0;
}

static int report_failure(Signer *signer, VarlinkCall *call, const FailureParameters *p)
{
        _cleanup_json_ struct json_object *reply = NULL;
        usec_t next_usec;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return r;
        r = signer_count_failure(signer,
                                 (int) p->outcome,
                                 p->problem,
                                 p->detail,
                                 (usec_t) p->retry_after * USEC_PER_SEC,
                                 &next_usec);
        if (r < 0)
                return r;
        peer_settles(call);
        reply = json_object_new_object();
        /* Upwards: a timer that elapses in that second must not be too early. */
        if (!reply ||
            json_add_integer(reply,
                             "nextAttempt",
                             (int64_t) ((next_usec + USEC_PER_SEC - 1) / USEC_PER_SEC)) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(reply));
}

int method_report_failure(VarlinkCall *call, const void *parameters, void *userdata)
{
        return MIN(report_failure(userdata, call, parameters), 0);
}
