/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* When does the CA want the live certificate renewed (RFC 9773)? Asked when nothing else is due. */

#include "client/client.h"

/* From the first byte to the last; the renewal by the certificate's age does not depend on it. */
#define RENEWAL_INFO_TIMEOUT_USEC (20 * USEC_PER_SEC)

/* Asks the CA and tells the signer, who decides. A CA that does not answer, or talks nonsense, is
 * logged and asked again at another time. When a renewal is due now, client->about says so, and the
 * connection and the directory are there to go on with.
 * Return: 0; CLIENT_E_FAILED when the signer has failed; -errno. */
int renewal_flow_ask(Client *client);

/* Is there no connection yet, or one on which nothing is under way? */
bool renewal_flow_can_ask(const Client *client);
