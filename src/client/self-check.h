/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Would a CA that comes to port 80 now get the right answer? Asked before it is told to come: an
 * order that must fail counts against the CA's limits. */

#include "client/client.h"

/* token is public, and answered with key_authorization, if all is well. */
int self_check(Client *client, const char *token, const char *key_authorization);
