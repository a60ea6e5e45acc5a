/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What account.c and account-keys.c share. */

#include "signer/account.h"

#define KEY_FILE "key.pem"

struct Account {
        int fd;
        char *directory;
        char *url;
        bool is_deactivated;
        EVP_PKEY *key; /* loaded: what is signed with */
        char *thumbprint;
        char *key_uri;            /* of the key in a token, in the place of the files; NULL: none */
        EVP_PKEY *next_key;       /* takes the place of key, as far as we know */
        bool is_next;             /* key is the one of next.pem */
        TokenReason token_reason; /* why it does not give it; 0 */
        bool is_unclear;          /* next.pem is there, and the CA has not been asked */
};

/* account.c: makes key, which is taken on success, the loaded one. Return: 0; -EOPNOTSUPP for a
 * kind that cannot sign for an account; -ENOMEM. */
int account_adopt_key(Account *account, EVP_PKEY *key);

/* account.c: a key's file, whole and on disk, or not there: a kill in the middle leaves a temporary
 * one, which is swept later. Return: 0; -EEXIST; -errno. */
int account_create_key(const Account *account, const char *file, EVP_PKEY *key);

/* Does account.json in this directory speak of a key with this thumbprint? It may be in a token. */
bool account_is_known_by(int dir_fd, const char *thumbprint);

/* account-keys.c: loads the key, or that of the two which the CA is to be asked for first. Return:
 * 0; -ENOENT; -EBADMSG; -errno. */
int account_read_keys(Account *account);

/* The CA knows the loaded key. Return: 0, -errno. */
int account_settle_key(Account *account, bool *ret_other_key);

/* The CA does not know the loaded key. Return: 0 when no other is left; ACCOUNT_E_OTHER_KEY;
 * -errno. */
int account_try_next_key(Account *account);
