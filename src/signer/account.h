/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An account with a CA: /var/lib/acme/accounts/CA/ (0700), or CA@LABEL, with key.pem (0600) and
 * account.json. The signers of all names that have this account share it, and may run at the same
 * time. */

#include "signer/key.h"
#include "signer/token-key.h"

#define ACCOUNTS_PATH "/var/lib/acme/accounts"

typedef struct Account Account;

/* Opens the directory, and makes it when it is not there. name: of config/account-name.h;
 * directory: the CA's URL as it is configured now; an account's URL that was remembered for another
 * one is passed over. root as in store_open(). Return: 0, -errno. */
int account_open(const char *root, const char *name, const char *directory, Account **ret);
/* Does one of the accounts, of whichever CA, have this key, or has it had it? RFC 8555
 * section 11.1: no certificate may have it then. Return: 1, 0, -errno. */
int accounts_have_key(const char *root, EVP_PKEY *key);

/* From now on the account's key is the one with this URI, and never a file. Return: 0, -ENOMEM. */
int account_use_token(Account *account, const char *uri);

/* Why account_load_key() has returned -ENOKEY. */
TokenReason account_token_reason(const Account *account);

void account_free(Account *account);
DEFINE_CLEANUP(Account *, account_free);

/* Only for a signer that may change which key the account's is: is_exclusive. Every other has a
 * share, and with it the word that it stays the same, unless it has to settle which it is: see
 * account-keys.c. Held until account_free(). Return: 0; -EBUSY when another one is at work; -errno.
 */
int account_lock(Account *account, bool is_exclusive);

/* The account's URL; NULL when it is not known, or the key has not been loaded. */
const char *account_url(const Account *account);

/* Root has had the account deactivated (RFC 8555 section 7.3.6): nothing is signed with its key. */
bool account_is_deactivated(const Account *account);

/* The CA knows the account by the key that is loaded, which settles that this is the account's.
 * ret_other_key, which may be NULL: it is another one than before. Return: 0, -errno. */
int account_set_url(Account *account, const char *url, bool *ret_other_key);

/* The CA does not know the account by the key that is loaded. Return: 0; ACCOUNT_E_OTHER_KEY when
 * there is another key, which is the one to ask with now; -errno. */
enum {
        ACCOUNT_E_OTHER_KEY = 1,
};
int account_forget_url(Account *account);

/* Notes on disk that the account, whose URL is known, is deactivated. Return: 0, -errno. */
int account_set_deactivated(Account *account);

/* The key, borrowed, when there is one already. Return: 0; -ENOENT; -EBADMSG when key.pem is no
 * key; -errno. */
int account_load_key(Account *account, EVP_PKEY **ret);

/* Makes key the account's, on disk, unless another process has been faster: *ret_made tells. What
 * account_load_key() gives after that is what counts. Changes nothing in account, so that a thread
 * may do it. Return: 0, -errno. */
int account_store_key(const Account *account, EVP_PKEY *key, bool *ret_made);

/* Two keys are on disk, and only the CA knows which of them it knows: it has to be asked, by
 * newAccount with onlyReturnExisting (section 7.3.1), first with the key that is loaded. */
bool account_key_is_unclear(const Account *account);

/* The key that is to take the place of the loaded one, borrowed, when it has been stored; and
 * stores it, synced, and takes it on success. The account is locked. Return: 0; -ENOENT; -errno. */
int account_next_key(const Account *account, EVP_PKEY **ret);
int account_store_next_key(Account *account, EVP_PKEY *key);

/* The CA has changed the key (section 7.3.5) to the one that was stored last. Return: 0, -errno. */
int account_take_next_key(Account *account);

/* Makes key, which is taken on success, the one that the CA is to be asked for; it becomes the
 * account's when the CA knows it. The account is locked. Return: 0; -EEXIST while it is unclear
 * which of two others the CA knows; -errno. */
int account_import_key(Account *account, EVP_PKEY *key);

/* Puts the loaded key aside, so that the next one is made anew. Return: 0, -errno. */
int account_retire_key(Account *account);

/* The thumbprint of the loaded key, borrowed; NULL when none is. */
const char *account_thumbprint(const Account *account);
