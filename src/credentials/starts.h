/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What each process that came lately was given from: a unit's credentials are fetched one by one,
 * by one process, and key and certificate have to be of one generation. */

#include <sys/types.h>

#include "live/live.h"

/* Units that start at the same time; with more, the oldest is forgotten. */
#define STARTS_MAX 256U

typedef struct Start {
        pid_t pid;
        int pidfd;
        char *name; /* the certificate's */
        Live *live;
} Start;

typedef struct Starts {
        Start *entries[STARTS_MAX];
        size_t next; /* where the next one goes: over the oldest */
} Starts;
void starts_done(Starts *starts);

/* What is live of the certificate name for this process: what it was when the process, which still
 * lives, came first; else what it is now. root: put before every path, "" but in tests. ret is
 * borrowed until the next call.
 * Return: 0; -ENOENT when nothing is live; -EBADMSG when it is no generation; -errno. */
int starts_open(Starts *starts, const char *root, pid_t pid, const char *name, const Live **ret);
