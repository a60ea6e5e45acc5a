/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The TLS client that believes nobody: it wants to see which certificate is served, and that the
 * server has the key for it. */

#include <openssl/ssl.h>

#include "holder/connection.h"
#include "verify/reason.h"

/* For any number of handshakes, in any thread. Return: 0, -ENOMEM. */
int tls_context_new(SSL_CTX **ret);

typedef struct TlsRequest {
        const char *sni;
        /* Only servers with a key of the same type, where one has several: of this certificate;
         * NULL: whichever it prefers. */
        X509 *like;
} TlsRequest;

/* ret_leaf: the served certificate, the caller's. ret_detail: of VERIFY_E_NO_TLS, why, in
 * libssl's words (a constant, maybe NULL). Return: 0; VERIFY_E_TIMED_OUT, VERIFY_E_CLOSED,
 * VERIFY_E_NO_TLS; -ENOMEM. */
int tls_handshake(SSL_CTX *context,
                  const Connection *connection,
                  const TlsRequest *request,
                  X509 **ret_leaf,
                  const char **ret_detail);
