/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* [WebRoot] Stateless=: the web root answers for tokens that nobody on this machine has published,
 * with the thumbprint that a file beside the tokens names.
 *
 * Each holder, a certificate under way or the unit that stays, has a file of its own; the one that
 * the web root reads is a copy of the latest, and, when that has gone, of one that is left. No name
 * of these is a token's. */

#include "base/macro.h"

/* What the web root reads; its own code knows the name as well. */
#define STATELESS_FILE ".thumbprint"

/* The holder that is no certificate: no NAME begins like that. */
#define STATELESS_HOST "-"

/* A certificate's part in it. */
typedef struct Stateless {
        const char *holder;     /* NAME; borrowed */
        const char *thumbprint; /* as configured, borrowed; NULL: the account's */
        bool is_public;
} Stateless;

/* directory_fd: of the tokens; O_PATH will do. Return: 0, -errno. */
int stateless_publish(int directory_fd, const char *holder, const char *thumbprint);

/* Also after a publish that was killed, and when there was none. Return: 0, -errno. */
int stateless_withdraw(int directory_fd, const char *holder);
