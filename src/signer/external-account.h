/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* External account binding (RFC 8555 section 7.3.4): a CA that has customers gives each a key
 * identifier and a MAC key, with which a new account says whose it is.
 *
 * They come as a credential, which is written as config/external-binding.h has it. */

#include <openssl/evp.h>

#include "json/json.h"

/* Is there a line for the account, or a credential that cannot be read? The latter is told by
 * external_account_add(). */
bool external_account_is_known(const char *account);

/* Adds externalAccountBinding to the payload of newAccount, whose URL is url, when there is a line
 * for the account. Return: 0; -EBADMSG when the credential is wrong, *ret_message, owned, says
 * where and why then; -EOPNOTSUPP for a key that JOSE has no name for; -errno. */
int external_account_add(const char *account,
                         EVP_PKEY *key,
                         const char *url,
                         struct json_object *payload,
                         char **ret_message);
