/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A handshake and nothing behind it.
 *
 * No chain is verified: what is served is compared, whole, with what is live, and nothing is sent
 * that would need protection. For the same reason what a server offers is taken as it is (security
 * level 0), but for versions before TLS 1.2 (RFC 8996): a weak certificate is one to be named. */

#include "verify/tls.h"

#include <openssl/err.h>
#include <poll.h>

#include "acme/address.h"
#include "verify/starttls.h"

/* A certificate list (RFC 8446 section 4.4.2) is ten certificates at most, ML-DSA's included. */
#define CHAIN_BYTES_MAX (128 * 1024)

static void ssl_freep(SSL **ssl)
{
        SSL_free(*ssl);
}

static void ssl_ctx_freep(SSL_CTX **context)
{
        SSL_CTX_free(*context);
}

/* We have no certificate. That the server asked for one is remembered: its "no" to us, which may
 * come before the handshake is over, is none to what we want to know. */
static int on_certificate_request(SSL *ssl, X509 **ret _unused_, EVP_PKEY **ret_key _unused_)
{
        bool *is_asked = SSL_get_app_data(ssl);

        *is_asked = true;
        return 0;
}

int tls_context_new(SSL_CTX **ret)
{
        _cleanup_(ssl_ctx_freep) SSL_CTX *context = NULL;

        /* The system's openssl.cnf is about protecting what is sent. */
        if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
                return -ENOMEM;
        context = SSL_CTX_new(TLS_client_method());
        if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
            SSL_CTX_set_cipher_list(context, "ALL:!aNULL:!eNULL:!PSK:!SRP@SECLEVEL=0") != 1)
                return -ENOMEM;
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_max_cert_list(context, CHAIN_BYTES_MAX);
        SSL_CTX_set_client_cert_cb(context, on_certificate_request);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        *ret = TAKE_PTR(context);
        return 0;
}

/* A server with an RSA and an EC key chooses by the signatures that the client can check. */
static int narrow(SSL *ssl, X509 *like)
{
        const char *algorithms;

        switch (EVP_PKEY_get_base_id(X509_get0_pubkey(like))) {
        case EVP_PKEY_RSA:
                algorithms = "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
                             "RSA+SHA256:RSA+SHA384:RSA+SHA512";
                break;
        case EVP_PKEY_EC:
                algorithms = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512";
                break;
        default:
                return 0;
        }
        return SSL_set1_sigalgs_list(ssl, algorithms) == 1 ? 0 : -ENOMEM;
}

static int prepare(SSL *ssl, const Connection *connection, const TlsRequest *request)
{
        if (!ssl || SSL_set_fd(ssl, connection->fd) != 1 ||
            (!acme_is_address(request->sni) && /* RFC 6066 section 3: names only */
             SSL_set_tlsext_host_name(ssl, request->sni) != 1))
                return -ENOMEM;
        return request->like ? narrow(ssl, request->like) : 0;
}

/* Return: 0; a VerifyReason; -errno. */
static int connect_until_deadline(SSL *ssl, const Connection *connection, const char **ret_detail)
{
        for (;;) {
                int n, error, r;

                ERR_clear_error();
                errno = 0;
                n = SSL_connect(ssl);
                if (n == 1)
                        return 0;
                error = SSL_get_error(ssl, n);
                if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
                        r = connection_wait(connection,
                                            error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
                        if (r < 0)
                                return starttls_reason_of(r);
                        continue;
                }
                if (error == SSL_ERROR_SYSCALL)
                        return VERIFY_E_CLOSED;
                *ret_detail = ERR_reason_error_string(ERR_peek_last_error());
                return ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
                                       ? VERIFY_E_CLOSED
                                       : VERIFY_E_NO_TLS;
        }
}

int tls_handshake(SSL_CTX *context,
                  const Connection *connection,
                  const TlsRequest *request,
                  X509 **ret_leaf,
                  const char **ret_detail)
{
        _cleanup_(ssl_freep) SSL *ssl = SSL_new(context);
        const char *detail = NULL;
        bool is_asked = false;
        X509 *leaf;
        int r;

        r = prepare(ssl, connection, request);
        if (r < 0)
                return r;
        SSL_set_app_data(ssl, &is_asked);
        r = connect_until_deadline(ssl, connection, &detail);
        leaf = SSL_get1_peer_certificate(ssl);
        /* In TLS 1.2 a server that insists on a certificate of ours refuses when it has shown its
         * own and signed for it. */
        if (r > 0 && !(is_asked && leaf)) {
                X509_free(leaf);
                *ret_detail = detail;
                return r;
        }
        if (r < 0 || !leaf) {
                X509_free(leaf);
                *ret_detail = NULL;
                return r < 0 ? r : VERIFY_E_NO_TLS;
        }
        (void) SSL_shutdown(ssl);
        *ret_leaf = leaf;
        return 0;
}
