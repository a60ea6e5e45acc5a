/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "firewall/comment.h"

static FirewallUse chosen = FIREWALL_FOR_HTTP01;

void firewall_choose(FirewallUse use)
{
        chosen = use;
}

const char *firewall_comment(void)
{
        static const char *const comments[FIREWALL_USES] = {
                        [FIREWALL_FOR_HTTP01] = "acmeward http-01",
                        [FIREWALL_FOR_TLS_ALPN01] = "acmeward tls-alpn-01",
        };

        return comments[chosen];
}
