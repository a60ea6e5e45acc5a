/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A revocation, for the verbs that need one. */

#include "base/exit-status.h"
#include "state/revocation-request.h"

/* Leaves the request, starts acme-revoke@NAME.service, waits, and takes the request back when it is
 * fulfilled. Return: as unit_run(). */
ExitStatus revoke_carry_out(const char *name, const RevocationRequest *request);

/* The words of --reason= and --key= into the request, as far as they were given.
 * Return: 0; -EINVAL, and why has been logged. */
int revoke_take_manner(const char *reason, const char *key, RevocationRequest *request);
