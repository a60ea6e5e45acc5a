/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The file of external account bindings, where the signers' credential comes from:
 * /etc/credstore/acme.external-accounts, or
 * /etc/credstore.encrypted/acme.external-accounts.encrypted.
 */

#include "base/exit-status.h"
#include "config/external-binding.h"

/* Which of the two it is, or would be; is_encrypted: where there is a choice. Before anybody is
 * asked for a secret. Return: EXIT_DONE; EXIT_REFUSED to who may not write it;
 * EXIT_CONFIGURATION, EXIT_TRY_AGAIN; and why has been logged. */
ExitStatus external_accounts_look(bool is_encrypted, const char **ret_path);

/* Puts the account's binding into it, and leaves the other lines as they are. A plain file that is
 * to be encrypted is gone then. Return: as above. */
ExitStatus
external_accounts_bind(const char *account, const ExternalBinding *binding, bool is_encrypted);
