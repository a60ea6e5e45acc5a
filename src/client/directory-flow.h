/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The CA's directory (RFC 8555 section 7.1.1), in two halves: the connection is made, and TLS
 * negotiated, while something else is waited for. */

#include "client/client.h"

int directory_send(Client *client);

/* Puts it into client->directory. The description is known by now. */
int directory_receive(Client *client);
