/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A lease lasts as long as its connection: whoever holds it need not say that it is over, and
 * cannot forget to. */

#include "challenge/lease.h"
#include "base/audit.h"
#include "base/log.h"

Lease *lease_of(VarlinkConnection *connection)
{
        Lease *lease = varlink_connection_get_userdata(connection);

        if (!lease) {
                lease = calloc(1, sizeof(*lease));
                varlink_connection_set_userdata(connection, lease);
        }
        return lease;
}

void lease_audit_opened(Lease *lease)
{
        if (lease->is_open)
                return;
        lease->is_open = true;
        audit(AUDIT_LEASE_OPENED, "Tokens are public now", {NULL, NULL});
}

void lease_end(VarlinkConnection *connection, Tokens *tokens)
{
        Lease *lease = varlink_connection_get_userdata(connection);

        if (!lease)
                return;
        STRV_FOREACH (token, lease->tokens) {
                int r = tokens_withdraw(tokens, *token);

                if (r < 0)
                        log_warning_errno(r, "Failed to remove a token, trying again at the end");
        }
        if (lease->is_open)
                audit(AUDIT_LEASE_CLOSED, "Tokens are removed", {NULL, NULL});
        varlink_connection_set_userdata(connection, NULL);
        strv_free(lease->tokens);
        free(lease);
}
