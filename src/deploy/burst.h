/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Many certificates at once: before a consumer is reloaded, those that are about to have new files
 * for it are waited for, within bounds. */

#include "manager/manager.h"

/* From here on, until burst_resume(), no file of NAME's targets is about to be written: who waits
 * for the end of a burst need not wait for this run. Failures are logged, and cost somebody a
 * reload. */
void burst_pause(const char *name);
void burst_resume(const char *name);

/* Returns when no other certificate is being renewed or deployed, and has not been for a moment; or
 * when it takes too long. */
void burst_wait(Manager *manager, const char *name);
