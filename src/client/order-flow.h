/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The life of one order (RFC 8555 sections 7.4 and 7.1.6), from newOrder, or from where an earlier
 * run left it, to the installed certificate. */

#include "client/client.h"

/* ret_not_after_usec: when the new certificate expires. */
int order_flow_run(Client *client, usec_t *ret_not_after_usec);
