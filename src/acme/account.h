/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An account (RFC 8555 section 7.1.2), as the reply to newAccount tells of it. */

#include "json/json.h"

typedef enum AccountStatus {
        ACCOUNT_VALID,
        ACCOUNT_DEACTIVATED,
        ACCOUNT_REVOKED,
} AccountStatus;

/* Return: 0; -EBADMSG when it is no account object, or has a status that RFC 8555 lacks; -ENOMEM.
 */
int account_status_parse(const char *text, size_t length, AccountStatus *ret);

/* The contact of an account object that account_status_parse() has taken: what is no list of
 * strings, or has more or longer ones than anybody, is none. Return: 0, -ENOMEM. */
#define ACCOUNT_CONTACTS_MAX 32U
#define ACCOUNT_CONTACT_MAX 512U
int account_contact_parse(const char *text, size_t length, char ***ret);
const char *account_status_to_string(AccountStatus status);
