/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* All endpoints side by side, each until it serves what is live or the time is over. */

#include "verify/expected.h"
#include "verify/plan.h"

/* A server that was told to reload, or started anew, may take its time: the last look begins no
 * later than this after the first. */
#define WATCH_USEC (30 * USEC_PER_SEC)

/* Between two looks, twice as long each time. */
#define PAUSE_FIRST_USEC (250 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (5 * USEC_PER_SEC)

/* Endpoints that are looked at side by side; others wait for their turn, and have one look at
 * least. */
#define WATCHERS_MAX 32U

/* The n endpoints' findings are filled in. Return: 0; WATCH_E_OUTDATED when another generation has
 * gone live meanwhile, and there may be no finding then; -errno. */
enum {
        WATCH_E_OUTDATED = 1,
};
int watch(Endpoint *endpoints, size_t n, const Expected *expected, const char *name);
