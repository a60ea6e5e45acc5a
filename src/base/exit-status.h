/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The exit codes that acme-renew@.service(8) promises. Everything else is a bug of ours. They are
 * those of sysexits.h with a meaning of our own. */

typedef enum ExitStatus {
        EXIT_DONE = 0,           /* done, or nothing was due */
        EXIT_WRITTEN = 3,        /* acme-deploy-write only: done, and there was something to do */
        EXIT_BUG = 70,           /* an internal error */
        EXIT_TRY_AGAIN = 75,     /* nobody's fault; the next attempt's time is remembered */
        EXIT_REFUSED = 77,       /* the CA refuses us (terms, account, policy): a person must act */
        EXIT_CONFIGURATION = 78, /* the configuration is wrong: a person must act */
} ExitStatus;
