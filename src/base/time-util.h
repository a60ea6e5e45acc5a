/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Moments and spans. A usec is a microsecond; moments count from the epoch (real time) unless a
 * name says monotonic. Time is an argument everywhere but in main(), so that tests own it. */

#include <inttypes.h>

#include "base/macro.h"

typedef uint64_t usec_t;

#define USEC_INFINITY UINT64_MAX
#define USEC_PER_SEC ((usec_t) 1000000)
#define USEC_PER_MSEC ((usec_t) 1000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)

usec_t now_realtime(void);
usec_t now_monotonic(void);

/* Buffer sizes of the two formats below. */
#define TIMESTAMP_MAX 32U
#define TIMESPAN_MAX 64U

/* "2026-11-23T12:11:25Z" (RFC 3339, UTC); "never" for USEC_INFINITY or what does not fit.
 * Return: buffer. */
const char *format_timestamp(char buffer[static TIMESTAMP_MAX], usec_t moment_usec);

/* "29d 12h", "3min 20s", "40ms": the two largest units. Return: buffer. */
const char *format_timespan(char buffer[static TIMESPAN_MAX], usec_t span_usec);
#define FORMAT_TIMESTAMP(usec) format_timestamp((char[TIMESTAMP_MAX]){}, (usec))
#define FORMAT_TIMESPAN(usec) format_timespan((char[TIMESPAN_MAX]){}, (usec))
