/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a CA says as the server's name (SNI) when it looks for tls-alpn-01. */

#include "base/macro.h"

/* RFC 1035 section 2.3.4; a name in ip6.arpa is shorter. */
#define SERVER_NAME_BYTES_MAX 253U

/* Of a DNS name, itself in lower case (RFC 8737 section 3); of an IP address, its name in
 * in-addr.arpa or ip6.arpa (RFC 8738 section 6). *ret: owned, valid by the grammar below.
 * Return: 0; -EINVAL when there is none, as for a wildcard; -ENOMEM. */
int acme_server_name(const char *identifier, char **ret);

/* Letters in lower case, digits, '-' and '_', in labels between single dots: fit to be a file's
 * name, and none that begins with a dot. */
bool acme_server_name_is_valid(const char *name);
