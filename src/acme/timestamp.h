/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Moments as ACME objects write them: RFC 3339 (RFC 8555 section 7.1.3, "expires"). */

#include "base/time-util.h"

/* Is there such a day in the Gregorian calendar? month and day count from 1; years 1970 to 9999. */
bool acme_date_is_valid(int year, int month, int day);

/* "2026-11-23T12:11:25Z", with any fraction of a second and any offset.
 * Return: 0; -EINVAL when it is none, or lies before 1970. */
int acme_timestamp_parse(const char *text, usec_t *ret_usec);
