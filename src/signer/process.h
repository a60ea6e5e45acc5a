/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the programs of this folder have in common: PID 1 hands them doors, they serve, and SIGTERM
 * ends them. */

#include "signer/signer.h"

#define ACCOUNT_DOOR_OPTION "--account-door="

typedef struct SignerProcess {
        const char *program;  /* "acme-signer" */
        const char *argument; /* "NAME" */
        int n_doors;
        unsigned doors;          /* which ones it may be handed, a set of Door */
        bool is_for_certificate; /* the argument is a certificate's name, and may have
                                  * ACCOUNT_DOOR_OPTION before it */
        int (*make)(sd_event *event,
                    const char *root,
                    const char *name,
                    usec_t (*now)(void),
                    Signer **ret);
} SignerProcess;

/* All of main(). Return: its exit code. */
int signer_process(const SignerProcess *process, int argc, char *argv[]);
