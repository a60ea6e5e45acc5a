/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* IP addresses as identifiers (RFC 8738 section 3). No JSON is needed to know one, so that the
 * rooms that only read the configuration do without. */

#include "base/macro.h"

/* "192.0.2.1", "2001:db8::1". */
bool acme_is_address(const char *value);

/* The one spelling of an address (RFC 5952 section 4), owned. Return: 0; -EINVAL when it is none;
 * -ENOMEM. */
int acme_address_normalize(const char *value, char **ret);
