/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One question to a signer, and its answer as an exit code. */

#include "base/exit-status.h"
#include "varlink/varlink-client.h"

#define SIGNER_INTERFACE "io.acmeward.Signer."

/* An answer that is an error. */
typedef ExitStatus (*messenger_judge_t)(const VarlinkReply *reply, const char *name);

/* what: "There is no placeholder", for messages, which go on with "for NAME: …". */
ExitStatus
messenger_call(const char *method, const char *what, const char *name, messenger_judge_t judge);

/* Logs what the signer says. Return: status. */
ExitStatus
messenger_tell(const VarlinkReply *reply, const char *what, const char *name, ExitStatus status);
