/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why a call of io.acmeward.Challenge is not done: an error of that interface, and its one
 * parameter. */

#include "varlink/varlink-server.h"

#define CHALLENGE_INTERFACE "io.acmeward.Challenge"

/* Nothing is refused while error is NULL. The values of error and member live for ever. */
typedef struct Refusal {
        const char *error;
        const char *member;
        char *text;
} Refusal;
void refusal_done(Refusal *refusal);

/* member: the error's parameter, with this text; NULL: it has none. Return: 0, -ENOMEM. */
int refuse(Refusal *refusal, const char *error, const char *member, const char *text);

/* Answers with it, and has the audit trail say so. Return: as a method. */
int refusal_reply(const Refusal *refusal, VarlinkCall *call);
