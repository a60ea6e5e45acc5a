/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A unit that is started for a verb, and what became of it. */

#include "base/exit-status.h"
#include "base/time-util.h"

/* Starts the unit through PID 1 and waits until its start job has ended: for a oneshot service,
 * until its program has.
 * Return: its exit code, EXIT_DONE when it ended well; when PID 1 cannot be reached or refuses, the
 * wait is too long or the program did not get to say anything, EXIT_TRY_AGAIN or EXIT_REFUSED, and
 * why has been logged. */
ExitStatus unit_run(const char *unit, usec_t timeout_usec);

/* Is it running, or on its way? Return: 0, 1; -errno, which has been logged. */
int unit_is_busy(const char *unit);

/* Longer than any renewal may take (TimeoutStartSec= of acme-renew@.service), and what it waits for
 * before it begins. */
#define UNIT_TIMEOUT_USEC (15 * USEC_PER_MINUTE)

/* "acme-renew@NAME.service"; prefix without the "@". Return: a new string, NULL without memory. */
char *unit_of(const char *prefix, const char *name);
