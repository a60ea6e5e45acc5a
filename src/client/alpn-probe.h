/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asks one address as a validator of tls-alpn-01 would (RFC 8737 section 3). */

#include "base/time-util.h"

typedef enum AlpnProbeResult {
        ALPN_PROBE_RIGHT,
        ALPN_PROBE_E_NO_ANSWER,   /* nothing accepts the connection, or it says nothing */
        ALPN_PROBE_E_NO_PROTOCOL, /* there is no TLS, or it does not speak acme-tls/1 for that name
                                   */
        ALPN_PROBE_E_OTHER,       /* another certificate than that which was published */
} AlpnProbeResult;

/* address: as Target has it, in brackets when IPv6. server_name: what is asked for. certificate:
 * what has to be shown, DER in base64url. Return: 0 with *ret; -ELIBACC without libssl; -errno. */
int alpn_probe(const char *address,
               unsigned port,
               const char *server_name,
               const char *certificate,
               AlpnProbeResult *ret);
