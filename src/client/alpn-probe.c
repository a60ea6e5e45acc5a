/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One handshake with this machine. Nothing is verified and nothing is sent behind it: the
 * certificate that is shown is compared, whole, with what was published. */

#include "client/alpn-probe.h"

#include <arpa/inet.h>
#include <poll.h>

#include "base/base64url.h"
#include "client/ssl-library.h"
#include "holder/connection.h"

/* It is this machine that is asked. */
#define PROBE_TIMEOUT_USEC (5 * USEC_PER_SEC)

/* RFC 8737 section 6.2, with its length before it. */
static const unsigned char protocol[] = "\x0a"
                                        "acme-tls/1";
#define PROTOCOL_BYTES (sizeof(protocol) - 1)

typedef union Address {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
} Address;

/* Return: its length; 0 when it is none. */
static socklen_t parse_address(const char *text, unsigned port, Address *ret)
{
        char bare[INET6_ADDRSTRLEN + 1];
        size_t n = strlen(text);

        *ret = (Address){};
        if (text[0] != '[') {
                ret->in.sin_family = AF_INET;
                ret->in.sin_port = htons((uint16_t) port);
                return inet_pton(AF_INET, text, &ret->in.sin_addr) == 1 ? sizeof(ret->in) : 0;
        }
        if (n < 3 || n - 2 >= sizeof(bare))
                return 0;
        memcpy(bare, text + 1, n - 2);
        bare[n - 2] = '\0';
        ret->in6.sin6_family = AF_INET6;
        ret->in6.sin6_port = htons((uint16_t) port);
        return inet_pton(AF_INET6, bare, &ret->in6.sin6_addr) == 1 ? sizeof(ret->in6) : 0;
}

/* Return: DER in base64url, owned; NULL without memory, or without a certificate. */
static char *leaf_text(const SslLibrary *l, SSL *ssl)
{
        _cleanup_free_ unsigned char *der = NULL;
        X509 *leaf = l->SSL_get1_peer_certificate(ssl);
        int n = leaf ? l->i2d_X509(leaf, NULL) : 0;
        unsigned char *p = der = n > 0 ? malloc((size_t) n) : NULL;
        char *text = NULL;

        if (der && l->i2d_X509(leaf, &p) == n)
                text = base64url_encode(der, (size_t) n);
        l->X509_free(leaf);
        return text;
}

/* Return: 0 with *ret; -ENOMEM. */
static int compare(const SslLibrary *l, SSL *ssl, const char *certificate, AlpnProbeResult *ret)
{
        _cleanup_free_ char *text = NULL;
        const unsigned char *selected;
        unsigned length = 0;

        l->SSL_get0_alpn_selected(ssl, &selected, &length);
        *ret = ALPN_PROBE_E_NO_PROTOCOL;
        if (length != PROTOCOL_BYTES - 1 || memcmp(selected, protocol + 1, length) != 0)
                return 0;
        text = leaf_text(l, ssl);
        if (!text)
                return -ENOMEM;
        *ret = streq(text, certificate) ? ALPN_PROBE_RIGHT : ALPN_PROBE_E_OTHER;
        return 0;
}

/* Return: 0, *ret says whether it was done; -errno. */
static int shake(const SslLibrary *l, SSL *ssl, const Connection *connection, AlpnProbeResult *ret)
{
        for (;;) {
                int n = l->SSL_connect(ssl), error, r;

                if (n == 1) {
                        *ret = ALPN_PROBE_RIGHT;
                        return 0;
                }
                error = l->SSL_get_error(ssl, n);
                *ret = ALPN_PROBE_E_NO_PROTOCOL;
                if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
                        return 0;
                r = connection_wait(connection, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
                if (r == -ETIMEDOUT) {
                        *ret = ALPN_PROBE_E_NO_ANSWER;
                        return 0;
                }
                if (r < 0)
                        return r;
        }
}

static int ask(const SslLibrary *l,
               SSL *ssl,
               const Connection *connection,
               const char *server_name,
               const char *certificate,
               AlpnProbeResult *ret)
{
        int r;

        if (!ssl || l->SSL_set_fd(ssl, connection->fd) != 1 ||
            l->SSL_ctrl(ssl,
                        SSL_CTRL_SET_TLSEXT_HOSTNAME,
                        TLSEXT_NAMETYPE_host_name,
                        (void *) server_name) != 1 ||
            l->SSL_set_alpn_protos(ssl, protocol, PROTOCOL_BYTES) != 0)
                return -ENOMEM;
        r = shake(l, ssl, connection, ret);
        return r == 0 && *ret == ALPN_PROBE_RIGHT ? compare(l, ssl, certificate, ret) : r;
}

int alpn_probe(const char *address,
               unsigned port,
               const char *server_name,
               const char *certificate,
               AlpnProbeResult *ret)
{
        const SslLibrary *l = ssl_library();
        Connection connection;
        SSL_CTX *context;
        socklen_t length;
        Address a;
        SSL *ssl;
        int r;

        if (!l)
                return -ELIBACC;
        length = parse_address(address, port, &a);
        if (length == 0)
                return -EINVAL;
        *ret = ALPN_PROBE_E_NO_ANSWER;
        r = connection_open(&a.sa, length, now_monotonic() + PROBE_TIMEOUT_USEC, &connection);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        (void) l->OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
        context = l->SSL_CTX_new(l->TLS_client_method());
        ssl = context ? l->SSL_new(context) : NULL;
        r = ask(l, ssl, &connection, server_name, certificate, ret);
        l->SSL_free(ssl);
        l->SSL_CTX_free(context);
        connection_close(&connection);
        return r;
}
