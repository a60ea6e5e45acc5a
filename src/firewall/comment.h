/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What our rules and set elements carry, so that they can be found again, and nothing else is ever
 * deleted. Each port that is opened has its own, so that closing one leaves the other. */

#include "base/macro.h"

typedef enum FirewallUse {
        FIREWALL_FOR_HTTP01,
        FIREWALL_FOR_TLS_ALPN01,
        FIREWALL_USES,
} FirewallUse;

/* One process is for one use, the first of them until this is called. */
void firewall_choose(FirewallUse use);

/* "acmeward http-01". */
const char *firewall_comment(void);
