/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Identifiers as a CA writes them: DNS names (RFC 8555 section 9.7.7), and IP addresses (RFC 8738
 * section 3). No DNS name is spelt like an address, so that the spelling tells which it is. */

#include "acme/address.h"
#include "json/json.h"

/* RFC 1035 section 2.3.4, and room for the final dot. */
#define ACME_IDENTIFIER_MAX 254U

/* Is it a DNS name in letters, digits, '-', '_', '.' (and a leading "*.")? */
bool acme_dns_name_is_valid(const char *name);

/* {"type": "dns", "value": …} as its value in lower case; "ip" as its one spelling.
 * Return: 0; -EBADMSG when it is another type, or no value of that type; -ENOMEM. */
int acme_identifier_parse(struct json_object *object, char **ret);
