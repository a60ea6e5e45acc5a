/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a renewal stands: "Status:" of systemctl status. */

#include "base/macro.h"

/* "3 names" for progress(). */
#define PROGRESS_NAMES "%zu name%s"
#define PROGRESS_NAMES_ARGS(n) (n), ((n) == 1 ? "" : "s")

/* One sentence, without a full stop; foreign parts have been escaped. What is longer than a status
 * line is cut. */
void progress(const char *format, ...) _printf_(1, 2);
