/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The addresses that the web root listens on; the public half is in config.h. */

#include "config/config.h"

/* "192.0.2.1:80", "[2001:db8::1]:80", or "80" for all addresses of both families.
 * Return: how many addresses have been written; 0 when it is none, *ret_reason says why then. */
#define LISTEN_ADDRESSES_PER_WORD 2U
size_t listen_address_parse(const char *word,
                            ListenAddress ret[static LISTEN_ADDRESSES_PER_WORD],
                            const char **ret_reason);

/* "1" to "65535", in its one spelling. Return: 0 when it is no port. */
uint16_t port_parse(const char *s);

bool listen_address_equal(const ListenAddress *a, const ListenAddress *b);
