/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One look at one endpoint: from its name to the certificate that it serves. */

#include "verify/endpoint.h"
#include "verify/expected.h"
#include "verify/tls.h"

/* A name may have several addresses; who asks for more than these has a cluster. */
#define ADDRESSES_MAX 8U

/* TCP takes milliseconds where somebody is, and an address where nobody is (IPv6 on a host that has
 * none to the outside) must not use up the time of the next. */
#define CONNECT_TIMEOUT_USEC (3 * USEC_PER_SEC)

/* Greeting, STARTTLS and handshake together. Mail servers let strangers wait for their greeting:
 * postscreen(8) for 6 seconds. */
#define SERVER_TIMEOUT_USEC (10 * USEC_PER_SEC)

/* Every address of the host is looked at. One that cannot be connected to is passed over when
 * another one serves what it should. In any thread.
 * Return: 0, *ret has the outcome; -ENOMEM; -errno. */
int endpoint_look(const Endpoint *endpoint,
                  const Expected *expected,
                  SSL_CTX *context,
                  Finding *ret);
