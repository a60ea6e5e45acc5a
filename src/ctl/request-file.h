/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Requests below /run/acme, in directories that are root's: who can leave one is root. */

#include <time.h>

#include "base/exit-status.h"
#include "base/macro.h"

/* Makes directory/name, or makes it anew, so that its age is the request's; text may be "".
 * Return: EXIT_DONE; EXIT_REFUSED, EXIT_TRY_AGAIN, and why has been logged. */
ExitStatus request_leave(const char *directory, const char *name, const char *text);

/* Makes it as old as this. That it cannot be is logged. */
void request_date(const char *directory, const char *name, const struct timespec *modified);

/* It is fulfilled. That it cannot be removed is logged. */
void request_remove(const char *directory, const char *name);
