/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why a run fails: the one reason that decides the exit code, is told once to the user, and is
 * remembered by the signer. */

#include "acme/problem.h"
#include "base/time-util.h"

/* Positive outcomes of the client's steps, in one list, so that one can be handed on by a step that
 * does not name it. */
enum {
        CLIENT_E_FAILED = 1,      /* the reason stands in the client's Failure */
        CLIENT_E_NOT_DUE,         /* the signer says that nothing is to be done */
        CLIENT_E_NO_ACCOUNT,      /* the CA, or the signer, does not know the account */
        CLIENT_E_CHAIN_REFUSED,   /* the signer does not take the chain */
        CLIENT_E_ORDER_ABANDONED, /* the order leads nowhere, and a new one may lead further */
        CLIENT_E_ALL_VALID,       /* no authorization is pending */
        CLIENT_E_UNCLEAR,         /* nobody knows what became of a request; its object does */
};

typedef struct Failure {
        bool is_set;
        ExitStatus exit_status;
        char *message;           /* fit to be shown */
        char *problem;           /* type of the CA's problem document; NULL: there was none */
        usec_t retry_after_usec; /* a span; 0: the CA did not say */
        bool is_of_this_ca;      /* another one may be of more use */
} Failure;

/* Sets the reason, unless one is set already: the first is the cause of the others. The parts of
 * the message that come from a stranger have been escaped. Return: CLIENT_E_FAILED; -ENOMEM. */
int failure_set(Failure *failure, ExitStatus exit_status, const char *format, ...) _printf_(3, 4);

/* The same, for what says nothing of the next CA. */
int failure_set_of_this_ca(Failure *failure, ExitStatus exit_status, const char *format, ...)
                _printf_(3, 4);

/* As told by the CA: "What: <problem>: what the user can do". Subproblems are logged, a line each,
 * also of a problem that is not the first. problem may be NULL, http_status 0. Return:
 * CLIENT_E_FAILED; -ENOMEM. */
int failure_set_problem(Failure *failure,
                        const char *what,
                        const Problem *problem,
                        ProblemStage stage,
                        unsigned http_status);
void failure_done(Failure *failure);
