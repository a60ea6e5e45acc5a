/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which dialect is which, and how a request is put together. */

#include "verify/dialect.h"

const Dialect *dialect_get(StartTls starttls)
{
        static const Dialect *const dialects[STARTTLS_MAX] = {
                        [STARTTLS_SMTP] = &dialect_smtp,
                        [STARTTLS_IMAP] = &dialect_imap,
                        [STARTTLS_POP3] = &dialect_pop3,
                        [STARTTLS_FTP] = &dialect_ftp,
                        [STARTTLS_LDAP] = &dialect_ldap,
                        [STARTTLS_POSTGRES] = &dialect_postgres,
                        [STARTTLS_MYSQL] = &dialect_mysql,
                        [STARTTLS_XMPP] = &dialect_xmpp,
        };

        assert(starttls >= 0 && starttls < STARTTLS_MAX);
        return dialects[starttls];
}

int dialect_format_request(const DialectStep *step,
                           const char *domain,
                           char buffer[static DIALECT_REQUEST_MAX])
{
        int n;

        assert(step->request);
        if (!step->has_domain) {
                assert(step->request_length <= DIALECT_REQUEST_MAX);
                memcpy(buffer, step->request, step->request_length);
                return (int) step->request_length;
        }
        n = snprintf(buffer,
                     DIALECT_REQUEST_MAX,
                     "%s%s%s",
                     step->request,
                     domain,
                     step->request + strlen(step->request) + 1);
        return n < 0 || (size_t) n >= DIALECT_REQUEST_MAX ? -E2BIG : n;
}
