/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* By which type of challenge an identifier is proved: by the one that is remembered for it, if it
 * is configured still; otherwise by the first of Challenge= that can. */

#include "acme/authorization.h"
#include "client/client.h"

/* Without asking the CA, which may not offer it. identifier: as configured, "*." and all.
 * Return: CHALLENGE_TYPE_INVALID when none can prove it. */
ChallengeType choice_expected(const Client *client, const char *identifier);

/* Among those that the authorization offers; NULL: it offers none that is configured. */
const Challenge *choice_make(const Client *client, const Authorization *authorization);

/* Can every identifier be proved without this type? */
bool choice_can_do_without(Client *client, ChallengeType type);

/* As the configuration has it; owned. Return: 0, -ENOMEM. */
int choice_identifier(const Authorization *authorization, char **ret);

/* Has the signer remember for the next run what has worked, where that was not what would have been
 * taken first anyway; and, after the CA's no, that another type is to be tried. As every step. */
int choice_remember(Client *client);
int choice_try_another(Client *client, const Authorization *authorization);

/* "http-01 dns-01", what is configured; owned. Return: 0, -ENOMEM. */
int choice_names(const Client *client, char **ret);
