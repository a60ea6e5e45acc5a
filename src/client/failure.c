/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The reason of a failure. The table of RFC 8555's errors (acme/problem-rules.c) chooses the exit
 * code and the advice, so that both are the same wherever an error is met. */

#include "client/failure.h"

#include <stdarg.h>

#include "base/log.h"

_printf_(3, 0) static int set(Failure *failure,
                              ExitStatus exit_status,
                              const char *format,
                              va_list args)
{
        if (vasprintf(&failure->message, format, args) < 0) {
                failure->message = NULL;
                return -ENOMEM;
        }
        failure->exit_status = exit_status;
        failure->is_set = true;
        return CLIENT_E_FAILED;
}

int failure_set(Failure *failure, ExitStatus exit_status, const char *format, ...)
{
        va_list args;
        int r;

        if (failure->is_set)
                return CLIENT_E_FAILED;
        va_start(args, format);
        r = set(failure, exit_status, format, args);
        va_end(args);
        return r;
}

int failure_set_of_this_ca(Failure *failure, ExitStatus exit_status, const char *format, ...)
{
        va_list args;
        int r;

        if (failure->is_set)
                return CLIENT_E_FAILED;
        failure->is_of_this_ca = true;
        va_start(args, format);
        r = set(failure, exit_status, format, args);
        va_end(args);
        return r;
}

int failure_set_problem(Failure *failure,
                        const char *what,
                        const Problem *problem,
                        ProblemStage stage,
                        unsigned http_status)
{
        const ProblemRule *rule = problem_rule(problem, stage, http_status);
        _cleanup_strv_free_ char **lines = NULL;
        int r;

        if (!failure->is_set)
                failure->is_of_this_ca = problem_rule_is_of_this_ca(rule);
        if (!problem || (http_status != 0 && !problem_has_explanation(problem)))
                return failure_set(failure,
                                   rule->exit_status,
                                   "%s: HTTP status %u without an explanation; %s",
                                   what,
                                   http_status,
                                   rule->advice);

        r = problem_format(problem, &lines);
        if (r < 0)
                return r;
        STRV_FOREACH (line, lines + 1)
                log_error("%s: %s", what, *line);
        if (failure->is_set)
                return CLIENT_E_FAILED;
        r = free_and_strdup(&failure->problem, problem_type(problem));
        if (r < 0)
                return r;
        return failure_set(failure, rule->exit_status, "%s: %s; %s", what, lines[0], rule->advice);
}

void failure_done(Failure *failure)
{
        free(failure->message);
        free(failure->problem);
        *failure = (Failure){};
}
