/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a connection comes to TLS where the protocol begins without it: for each protocol, what is
 * sent, and the grammar of what has to come back. No I/O here: bytes go in, an outcome comes out;
 * connection.h does the talking. Each protocol has a file of its own. */

#include "base/macro.h"
#include "config/deploy-target.h"

/* Longest reply, in bytes: a greeting and an EHLO reply have a few hundred, the list of an XMPP
 * server's features two thousand. */
#define DIALECT_REPLY_MAX 8192U

/* Longest request: the header of an XMPP stream with a name of 253 characters. */
#define DIALECT_REQUEST_MAX 512U

#define DIALECT_STEPS_MAX 3U

/* What the bytes of a reply mean, as far as they go. A reply that is DONE or REFUSED stays so, and
 * one that is MALFORMED too, whatever follows it. */
typedef enum DialectOutcome {
        DIALECT_DONE,      /* whole, and it says yes */
        DIALECT_MORE,      /* it may become one: read on */
        DIALECT_REFUSED,   /* whole, and it says no: the server has no TLS for us */
        DIALECT_MALFORMED, /* this is not the protocol */
        DIALECT_OUTCOME_MAX,
} DialectOutcome;

/* data: length bytes that a stranger has sent. ret_used: of DIALECT_DONE, how long the reply is. */
typedef DialectOutcome (*dialect_read_t)(const char *data, size_t length, size_t *ret_used);

typedef struct DialectStep {
        const char *request; /* what is sent; NULL: nothing, the server speaks first */
        size_t request_length;
        bool has_domain;     /* request is two strings behind each other, with the domain between */
        dialect_read_t read; /* NULL: nothing is answered, TLS begins */
} DialectStep;

typedef struct Dialect {
        DialectStep steps[DIALECT_STEPS_MAX];
        size_t n_steps;
} Dialect;

/* A request that is a literal. */
#define DIALECT_REQUEST(literal) .request = (literal), .request_length = sizeof(literal) - 1

/* Return: the dialect; NULL for STARTTLS_NONE. */
const Dialect *dialect_get(StartTls starttls);

/* What to send in a step that has a request. domain: a DNS name, not checked again.
 * Return: its length; -E2BIG. */
int dialect_format_request(const DialectStep *step,
                           const char *domain,
                           char buffer[static DIALECT_REQUEST_MAX]);

extern const Dialect dialect_smtp, dialect_imap, dialect_pop3, dialect_ftp, dialect_ldap,
                dialect_postgres, dialect_mysql, dialect_xmpp;
