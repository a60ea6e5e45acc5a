/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is to be done with an account: root says so, in a file that the account's signer alone
 * reads.
 * {"operation": "changeKey", "keyType": "ec-p384"}; without a file the account is registered if it
 * has to be, and looked at. */

#include "base/time-util.h"
#include "config/key-type.h"

#define ACCOUNT_REQUEST_FILE "/run/acme/door/request"

typedef enum AccountOperation {
        ACCOUNT_REGISTER, /* also anew, when it is deactivated and this has been asked for */
        ACCOUNT_SHOW,
        ACCOUNT_UPDATE, /* the contact */
        ACCOUNT_AGREE,  /* to changed terms */
        ACCOUNT_DEACTIVATE,
        ACCOUNT_CHANGE_KEY,
        ACCOUNT_IMPORT, /* take over a key that the CA knows */
        ACCOUNT_EXPORT, /* the public key, without a word to the CA */
        ACCOUNT_OPERATION_MAX,
} AccountOperation;

typedef struct AccountRequest {
        AccountOperation operation;
        bool is_forced; /* ACCOUNT_IMPORT: also in the place of another key, which is kept aside */
        bool is_explicit; /* there is a file */
        KeyType key_type; /* of the next key; KEY_TYPE_INVALID: as configured */
        usec_t made_usec; /* 0: there is none */
} AccountRequest;

/* "changeKey", as the file has it. */
const char *account_operation_to_string(AccountOperation operation);

/* handled_usec: of the request that has been done already, and is none any more. root: put before
 * the path. Return: 0; -EBADMSG when the file is not understood; -errno. */
int account_request_read(const char *root, usec_t handled_usec, AccountRequest **ret);
