/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a connection on which nothing was said to one on which TLS may begin. */

#include "holder/connection.h"
#include "verify/dialect.h"
#include "verify/reason.h"

/* domain: whom we want to talk to. Return: 0; VERIFY_E_TIMED_OUT, VERIFY_E_CLOSED,
 * VERIFY_E_OTHER_PROTOCOL, VERIFY_E_NO_STARTTLS; -errno. */
int starttls_begin(const Connection *connection, const Dialect *dialect, const char *domain);

/* What an error of the connection means. Return: VERIFY_E_TIMED_OUT, VERIFY_E_CLOSED; error. */
int starttls_reason_of(int error);
