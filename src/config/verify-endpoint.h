/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Verify=: where a certificate is served. */

#include "config/deploy-target.h"

/* "host:port [starttls=PROTOCOL] [sni=NAME]"; host is a DNS name, an IPv4 address, or an IPv6
 * address in brackets. Return: 0; VERIFY_ENDPOINT_E_INVALID, *ret_reason says why then, a constant;
 * -ENOMEM. */
enum {
        VERIFY_ENDPOINT_E_INVALID = 1,
};
int verify_endpoint_parse(const char *text, VerifyEndpoint *ret, const char **ret_reason);
