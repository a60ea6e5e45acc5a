/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Would a CA that comes for tls-alpn-01 now get the right answer? As self-check.h does for http-01.
 */

#include "client/client.h"

/* What was published for lease->identifier is answer, a certificate, if all is well. */
int alpn_check(Client *client, const Lease *lease, const char *answer);
