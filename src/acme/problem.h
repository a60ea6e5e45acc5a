/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Problem documents (RFC 7807, RFC 8555 section 6.7): what a CA says when it refuses, what follows
 * from it, and what the user can do. */

#include "base/exit-status.h"
#include "base/strv.h"
#include "json/json.h"

/* A subproblem for each name of an order, and as many again. What is beyond is not shown. */
#define PROBLEM_SUBPROBLEMS_MAX 200U

typedef struct Problem Problem;

/* A problem document is the CA's explanation of a failure and never more: a member of the wrong
 * type is passed over instead of hiding the others. Return: 0; -EBADMSG when the text is not a JSON
 * object; -ENOMEM. */
int problem_parse(const char *text, size_t length, Problem **ret);

/* The same of an object inside another document, whose ownership stays where it is.
 * Return: 0; -EBADMSG when it is no object; -ENOMEM. */
int problem_from_object(struct json_object *object, Problem **ret);

void problem_free(Problem *problem);
DEFINE_CLEANUP(Problem *, problem_free);

/* The whole type, "urn:ietf:params:acme:error:badNonce", unescaped; "about:blank" when there is
 * none (RFC 7807 section 4.2). */
const char *problem_type(const Problem *problem);

/* Is it this error of RFC 8555, named without its prefix? */
bool problem_is(const Problem *problem, const char *name);

/* Does it say more than its HTTP status does: a type, a title or a detail? */
bool problem_has_explanation(const Problem *problem);

/* The document for people: its own line, then one for each subproblem. Every foreign byte is
 * escaped, every piece is bounded. Return: 0, -ENOMEM. */
int problem_format(const Problem *problem, char ***ret_lines);

/* Where a problem was met: "unauthorized" about a request is a matter of the account, and inside an
 * authorization of what the CA found on port 80. */
typedef enum ProblemStage {
        PROBLEM_AT_REQUEST,
        PROBLEM_AT_VALIDATION,
} ProblemStage;

typedef enum ProblemRetry {
        PROBLEM_RETRY_NONCE,   /* the same request at once with a fresh nonce (section 6.5) */
        PROBLEM_RETRY_ACCOUNT, /* register, then the same request, once (section 7.3) */
        PROBLEM_RETRY_ORDER,   /* look at the order again, and go on from what it says (section 7.4)
                                */
        PROBLEM_RETRY_LATER,   /* on a later day of the schedule the same may succeed by itself */
        PROBLEM_RETRY_NEVER,   /* not before a person has done something */
} ProblemRetry;

typedef enum ProblemFault {
        PROBLEM_FAULT_NOBODY,
        PROBLEM_FAULT_CA,
        PROBLEM_FAULT_PROGRAM,       /* a bug of ours */
        PROBLEM_FAULT_CONFIGURATION, /* a setting, or what the CA does not offer */
        PROBLEM_FAULT_ACCOUNT,       /* the account, its terms, its limits */
        PROBLEM_FAULT_DOMAIN,        /* DNS, the way to port 80, what answers there */
} ProblemFault;

typedef struct ProblemRule {
        const char *name; /* without prefix; NULL in the rules for what is not in the table */
        ProblemStage stage;
        ProblemRetry retry;
        ProblemFault fault;
        ExitStatus exit_status;
        const char *advice; /* what the user can do; a sentence without its full stop */
} ProblemRule;

/* What follows from a problem; of a compound one, from its gravest subproblem. http_status decides
 * about types that are not in the table, 0 when there is none. problem may be NULL: a refusal
 * without a document. Never NULL. */
const ProblemRule *problem_rule(const Problem *problem, ProblemStage stage, unsigned http_status);

/* Has this CA refused for a reason of its own, so that another one may well not: its fault,
 * nobody's that a person could mend, or a limit that passes? */
bool problem_rule_is_of_this_ca(const ProblemRule *rule);

/* The whole table, for tests and for tools that print it. */
const ProblemRule *problem_rules(size_t *ret_n);
