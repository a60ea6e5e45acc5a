/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The account with the CA (RFC 8555 section 7.3): found or made by the first run, known after it.
 */

#include "client/request.h"

/* Sees to it that the signer knows the account's URL. */
int account_ensure(Client *client);

/* Its parts: what the directory says before anything is sent; and newAccount, by either key while
 * it is unclear which the CA knows. q is for request_done(), also on failure, and has Location and
 * the account object on success. */
int account_check_conditions(Client *client);
int account_ask(Client *client, Request *q);

/* The CA does not know the account: forgets it and registers again, once in a run. The reason of
 * the failure is the second refusal's. */
int account_register_again(Client *client);
