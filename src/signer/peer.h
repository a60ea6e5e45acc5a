/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is remembered of a connection, to tell a client that finished from one that vanished. */

#include "varlink/varlink-server.h"

/* The peer does what only a client does; the challenge room, the other caller, asks for key
 * authorizations alone, and its going means nothing. */
void peer_acts(VarlinkCall *call);

/* The peer's attempt has come to its end: installed, or reported as failed. */
void peer_settles(VarlinkCall *call);

/* At its disconnect: did it act and not settle? Forgets it. */
bool peer_vanished(VarlinkConnection *connection);
