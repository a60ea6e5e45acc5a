/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The loop of both ends: accepts at the doors that PID 1 handed over, and has a process of its own
 * for each connection. */

#include "bridge/door-word.h"

typedef struct Crossing {
        const char *name;
        int linger_seconds; /* ends when nobody has come for so long and nobody is there; -1: not */
        /* In the process of the connection; what it returns is that one's exit status. */
        int (*cross)(const struct Crossing *crossing, int fd, const DoorWord *door);
        char **command; /* for cross() */
} Crossing;

/* Until SIGTERM, or until nobody is there. Return: 0; -ENOTCONN when PID 1 has not handed over the
 * doors of NAME; -errno. */
int crossing_run(const Crossing *crossing);
