/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One connection after the other: who is it, which unit is it for, may that have it. */

#include "credentials/starts.h"

typedef struct Credentials {
        const char *root; /* put before every path, "" but in tests */
        Starts starts;
} Credentials;

/* Answers the connection on fd, which stays the caller's to close. Every answer and every refusal
 * is in the audit trail afterwards. */
void credentials_serve(Credentials *room, int fd);
