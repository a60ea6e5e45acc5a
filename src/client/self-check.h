/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Would a CA that comes to port 80 now get the right answer? Asked before it is told to come: an
 * order that must fail counts against the CA's limits. */

#include "client/client.h"

/* token is public, and answered with key_authorization, if all is well. */
int self_check(Client *client, const char *token, const char *key_authorization);

/* Is the body the key authorization? RFC 8555 section 8.3 has a CA ignore whitespace at its end. */
bool self_check_body_is(const char *body, size_t length, const char *key_authorization);

/* The documentation's snippet for the web server of this unit, "nginx"; NULL when it is none of
 * those that have one. unit may be NULL. */
const char *self_check_snippet(const char *unit);
