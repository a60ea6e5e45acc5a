/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two bits about each connection, kept in the connection's own pointer. */

#include "signer/peer.h"

enum {
        PEER_ACTED = 1 << 0,
        PEER_SETTLED = 1 << 1,
};

static uintptr_t get_bits(VarlinkConnection *connection)
{
        return (uintptr_t) varlink_connection_get_userdata(connection);
}

static void set_bits(VarlinkCall *call, uintptr_t add, uintptr_t remove)
{
        VarlinkConnection *connection = varlink_call_connection(call);

        varlink_connection_set_userdata(connection,
                                        (void *) ((get_bits(connection) & ~remove) | add));
}

void peer_acts(VarlinkCall *call)
{
        set_bits(call, PEER_ACTED, PEER_SETTLED);
}

void peer_settles(VarlinkCall *call)
{
        set_bits(call, PEER_ACTED | PEER_SETTLED, 0);
}

bool peer_vanished(VarlinkConnection *connection)
{
        uintptr_t bits = get_bits(connection);

        varlink_connection_set_userdata(connection, NULL);
        return bits == PEER_ACTED;
}
