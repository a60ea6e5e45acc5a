/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The CA's directory (RFC 8555 section 7.1.1), in two halves: the connection is made, and TLS
 * negotiated, while something else is waited for. */

#include "client/client.h"

/* Begins the connection to the CA, which takes as many round trips as TLS does, and asks. */
int directory_connect(Client *client);

int directory_send(Client *client);

/* Are its URLs the CA's? */
int directory_admit(Client *client);

/* Puts it into client->directory. The description is known by now. */
int directory_receive(Client *client);
