/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* accounts/CA/about.json: what is known of an account, for root to look at. Of the key it has the
 * public half. Nothing depends on it but which request has been done. */

#include "acme/account.h"
#include "acme/directory.h"
#include "base/strv.h"
#include "base/time-util.h"
#include "signer/account.h"

typedef struct AccountRecord {
        char **contact;        /* as the CA has it */
        char **caa_identities; /* by which CAA records name the CA (RFC 8659 section 4.2) */
        char *terms_of_service;
        char *failure;       /* of the last run, for people; NULL: it went well */
        usec_t request_usec; /* of the request that was done last; 0: none */
} AccountRecord;
void account_record_done(AccountRecord *record);

/* What there is; one that cannot be read is none. Return: 0, -ENOMEM. */
int account_record_load(const Account *account, AccountRecord *ret);

/* Writes all of it, and what account itself knows. Return: 0, -errno. */
int account_record_write(const Account *account, const char *ca, const AccountRecord *record);
