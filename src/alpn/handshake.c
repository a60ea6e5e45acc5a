/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Everything before the handshake's end is a stranger's, and there is nothing after it: what a
 * validator wants to know is in the certificate. So nothing is kept for later connections (no
 * sessions, no tickets), nothing is negotiated again, and no byte of what an application would say
 * is read.
 *
 * OpenSSL is used without its configuration file: openssl.cnf can load modules. */

#include "alpn/handshake.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/epoll.h>

#include "acme/server-name.h"
#include "base/file.h"

/* RFC 8737 section 6.2: the protocol, as ALPN has it, with its length before it. */
static const unsigned char protocol[] = "\x0a"
                                        "acme-tls/1";
#define PROTOCOL_BYTES (sizeof(protocol) - 1)

/* A ClientHello is one record as a rule, and has at most this with everything in it that is in use.
 */
#define CLIENT_HELLO_BYTES_MAX 16384

static void bio_freep(BIO **bio)
{
        BIO_free(*bio);
}

static void x509_freep(X509 **certificate)
{
        X509_free(*certificate);
}

static void key_freep(EVP_PKEY **key)
{
        EVP_PKEY_free(*key);
}

/* Before anything is looked up: who does not speak ALPN at all would not be asked by on_protocol().
 */
static int on_client_hello(SSL *ssl, int *alert, void *userdata _unused_)
{
        const unsigned char *data;
        size_t length;

        if (SSL_client_hello_get0_ext(ssl,
                                      TLSEXT_TYPE_application_layer_protocol_negotiation,
                                      &data,
                                      &length) == 1)
                return SSL_CLIENT_HELLO_SUCCESS;
        *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
        return SSL_CLIENT_HELLO_ERROR;
}

/* RFC 8737 section 3 has a CA offer this protocol alone. */
static int on_protocol(SSL *ssl _unused_,
                       const unsigned char **ret,
                       unsigned char *ret_length,
                       const unsigned char *offered,
                       unsigned length,
                       void *userdata _unused_)
{
        if (length != PROTOCOL_BYTES || memcmp(offered, protocol, PROTOCOL_BYTES) != 0)
                return SSL_TLSEXT_ERR_ALERT_FATAL;
        *ret = protocol + 1;
        *ret_length = protocol[0];
        return SSL_TLSEXT_ERR_OK;
}

/* Return: 0; -ENOENT nobody has published that name; -errno. */
static int use_file(SSL *ssl, int directory_fd, const char *name)
{
        _cleanup_(x509_freep) X509 *certificate = NULL;
        _cleanup_(key_freep) EVP_PKEY *key = NULL;
        _cleanup_(bio_freep) BIO *bio = NULL;
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        r = file_read(directory_fd, name, CERTIFICATE_FILE_MAX, O_NOFOLLOW, &text, &length);
        if (r < 0)
                return r;
        bio = BIO_new_mem_buf(text, (int) length);
        if (bio)
                certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (certificate)
                key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        if (!key || SSL_use_certificate(ssl, certificate) != 1 || SSL_use_PrivateKey(ssl, key) != 1)
                return -EBADMSG;
        return 0;
}

/* A name in lower case that has a file; no name, no certificate (RFC 8737 section 3). */
static int on_server_name(SSL *ssl, int *alert, void *userdata)
{
        const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        const int *directory_fd = userdata;
        char lower[SERVER_NAME_BYTES_MAX + 1];
        size_t n = name ? strnlen(name, sizeof(lower)) : 0;

        *alert = SSL_AD_UNRECOGNIZED_NAME;
        if (n == 0 || n > SERVER_NAME_BYTES_MAX)
                return SSL_TLSEXT_ERR_ALERT_FATAL;
        for (size_t i = 0; i <= n; i++)
                lower[i] = (char) (name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a'
                                                                    : name[i]);
        if (!acme_server_name_is_valid(lower) || use_file(ssl, *directory_fd, lower) < 0)
                return SSL_TLSEXT_ERR_ALERT_FATAL;
        return SSL_TLSEXT_ERR_OK;
}

int handshake_context_new(int *directory_fd, SSL_CTX **ret)
{
        SSL_CTX *context;

        if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
                return -ENOMEM;
        context = SSL_CTX_new(TLS_server_method());
        /* RFC 8737 section 3: TLS 1.2 or higher. */
        if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
            SSL_CTX_set_num_tickets(context, 0) != 1) {
                SSL_CTX_free(context);
                return -ENOMEM;
        }
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(context,
                            SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_max_cert_list(context, CLIENT_HELLO_BYTES_MAX);
        SSL_CTX_set_client_hello_cb(context, on_client_hello, NULL);
        SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
        SSL_CTX_set_tlsext_servername_arg(context, directory_fd);
        SSL_CTX_set_alpn_select_cb(context, on_protocol, NULL);
        *ret = context;
        return 0;
}

uint32_t handshake_step(SSL *ssl)
{
        int n, error;

        ERR_clear_error();
        n = SSL_accept(ssl);
        if (n == 1) {
                /* One alert that says that it is over; nobody waits for an answer to it. */
                (void) SSL_shutdown(ssl);
                return 0;
        }
        error = SSL_get_error(ssl, n);
        ERR_clear_error();
        if (error == SSL_ERROR_WANT_READ)
                return EPOLLIN;
        return error == SSL_ERROR_WANT_WRITE ? EPOLLOUT : 0;
}
