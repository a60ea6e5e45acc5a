/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What one connection has published. */

#include "challenge/tokens.h"
#include "varlink/varlink-server.h"

typedef struct Lease {
        char **tokens;
        bool is_open; /* the audit trail has been told */
} Lease;

/* The connection's lease, made at the first call. Return: NULL without memory. */
Lease *lease_of(VarlinkConnection *connection);

/* Says once that something is public now. */
void lease_audit_opened(Lease *lease);

/* Takes back what the connection has published, if anything, and forgets it. */
void lease_end(VarlinkConnection *connection, Tokens *tokens);
