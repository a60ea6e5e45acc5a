/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One step of a dialect after the other.
 *
 * Invariant: when TLS begins, nothing that came before it is left over. Bytes behind the last reply
 * were sent by somebody who does not wait for us, and would be taken for TLS's (CVE-2011-0411). */

#include "verify/starttls.h"

int starttls_reason_of(int error)
{
        switch (error) {
        case -ETIMEDOUT:
                return VERIFY_E_TIMED_OUT;
        case -ECONNRESET:
        case -EPIPE:
                return VERIFY_E_CLOSED;
        default:
                return error;
        }
}

static int read_reply(const Connection *connection, dialect_read_t read)
{
        char buffer[DIALECT_REPLY_MAX];
        size_t length = 0;

        while (length < sizeof(buffer)) {
                size_t used = 0;
                ssize_t n;

                n = connection_read(connection, buffer + length, sizeof(buffer) - length);
                if (n < 0)
                        return starttls_reason_of((int) n);
                if (n == 0)
                        return VERIFY_E_CLOSED;
                length += (size_t) n;
                switch (read(buffer, length, &used)) {
                case DIALECT_DONE:
                        return used == length ? 0 : VERIFY_E_OTHER_PROTOCOL;
                case DIALECT_REFUSED:
                        return VERIFY_E_NO_STARTTLS;
                case DIALECT_MORE:
                        break;
                default:
                        return VERIFY_E_OTHER_PROTOCOL;
                }
        }
        return VERIFY_E_OTHER_PROTOCOL;
}

static int send_request(const Connection *connection, const DialectStep *step, const char *domain)
{
        char buffer[DIALECT_REQUEST_MAX];
        int r;

        r = dialect_format_request(step, domain, buffer);
        if (r < 0)
                return r;
        return starttls_reason_of(connection_write(connection, buffer, (size_t) r));
}

int starttls_begin(const Connection *connection, const Dialect *dialect, const char *domain)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < dialect->n_steps; i++) {
                const DialectStep *step = dialect->steps + i;

                if (step->request)
                        r = send_request(connection, step, domain);
                if (r == 0 && step->read)
                        r = read_reply(connection, step->read);
        }
        return r;
}
