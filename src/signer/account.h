/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An account with a CA: /var/lib/acme/accounts/CA/ (0700) with key.pem (0600) and account.json. The
 * signers of all names that have this CA share it, and may run at the same time. */

#include "signer/key.h"

#define ACCOUNTS_PATH "/var/lib/acme/accounts"

typedef struct Account Account;

/* Opens the directory, and makes it when it is not there. directory: the CA's URL as it is
 * configured now; an account's URL that was remembered for another one is passed over. root as in
 * store_open(). Return: 0, -errno. */
int account_open(const char *root, const char *ca, const char *directory, Account **ret);
void account_free(Account *account);
DEFINE_CLEANUP(Account *, account_free);

/* The account's URL; NULL when it is not known, or the key has not been loaded. */
const char *account_url(const Account *account);

/* The key has been loaded. Return: 0, -errno. */
int account_set_url(Account *account, const char *url);
int account_forget_url(Account *account);

/* The key, borrowed, when there is one already. Return: 0; -ENOENT; -EBADMSG when key.pem is no
 * key; -errno. */
int account_load_key(Account *account, EVP_PKEY **ret);

/* Makes key the account's, on disk, unless another process has been faster: *ret_made tells. What
 * account_load_key() gives after that is what counts. Changes nothing in account, so that a thread
 * may do it. Return: 0, -errno. */
int account_store_key(const Account *account, EVP_PKEY *key, bool *ret_made);

/* The thumbprint of the loaded key, borrowed. */
const char *account_thumbprint(const Account *account);
