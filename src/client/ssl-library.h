/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* libssl, loaded when a challenge by TLS is to be looked at: the protocol that has to be asked for
 * is one that libcurl does not offer, and no other run pays for it. */

#include <openssl/ssl.h>

#define SSL_FUNCTIONS(X)                                                                           \
        X(TLS_client_method)                                                                       \
        X(SSL_CTX_new)                                                                             \
        X(SSL_CTX_free)                                                                            \
        X(SSL_new)                                                                                 \
        X(SSL_free)                                                                                \
        X(SSL_ctrl)                                                                                \
        X(SSL_set_fd)                                                                              \
        X(SSL_set_alpn_protos)                                                                     \
        X(SSL_connect)                                                                             \
        X(SSL_get_error)                                                                           \
        X(SSL_get0_alpn_selected)                                                                  \
        X(SSL_get1_peer_certificate)                                                               \
        X(OPENSSL_init_ssl)                                                                        \
        X(i2d_X509)                                                                                \
        X(X509_free)

typedef struct SslLibrary {
#define X(name) typeof(&(name)) name;
        SSL_FUNCTIONS(X)
#undef X
} SslLibrary;

/* Loads it at the first call; it stays. Return: NULL when it cannot be loaded, which has been
 * logged. */
const SslLibrary *ssl_library(void);
