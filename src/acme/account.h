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
const char *account_status_to_string(AccountStatus status);
