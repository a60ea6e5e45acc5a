/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* revokeCert (RFC 8555 section 7.6): of what the signer has read in root's request. */

#include "client/client.h"

/* The signer has said what is to be revoked (client->about), and the CA where
 * (client->directory). Asks the CA, and tells the signer what it said. One that is revoked already
 * is a success, *ret_was_revoked tells.
 * Return: 0; CLIENT_E_FAILED; -errno. */
int revocation_flow_run(Client *client, bool *ret_was_revoked);
