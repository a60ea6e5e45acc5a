/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* TLS as a validator of tls-alpn-01 speaks it, and for nobody else (RFC 8737 section 3). */

#include <openssl/ssl.h>

#include "base/macro.h"

/* A throw-away certificate and its key, as the challenge room writes them. */
#define CERTIFICATE_FILE_MAX 8192U

/* Handshakes with whom asks for "acme-tls/1" and for a name that has a file, and ends all others
 * with an alert. directory_fd: where a file for each server name is; borrowed. Return: 0, -ENOMEM.
 */
int handshake_context_new(int *directory_fd, SSL_CTX **ret);

/* On a socket that does not block. Return: 0 it is done, or has failed: the connection is over;
 * EPOLLIN or EPOLLOUT when it goes on with that. */
uint32_t handshake_step(SSL *ssl);
