/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Handshakes with a server at the other end of a socketpair. */

#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>

#include "verify/tls.h"
#include "x509/test-pki.h"

#include "base/test.h"

static Pki ec;
static EVP_PKEY *rsa_key;
static X509 *rsa;

typedef struct Row {
        const char *name;
        int version;          /* highest; 0: any */
        const char *raw;      /* said instead of TLS */
        bool is_silent, goes; /* instead of TLS */
        bool insists;         /* on a certificate of the client's */
        bool has_rsa;         /* besides the EC one, and prefers it */
        bool is_like;         /* we insist on an EC key */
        int outcome;
} Row;

typedef struct Server {
        int fd;
        const Row *row;
} Server;

static int accept_any(int ok, X509_STORE_CTX *store)
{
        (void) ok;
        (void) store;
        return 1;
}

static void serve_tls(const Server *s)
{
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());
        SSL *ssl;
        char byte;

        assert(context);
        SSL_CTX_set_min_proto_version(context, 0);
        SSL_CTX_set_max_proto_version(context, s->row->version);
        SSL_CTX_set_cipher_list(context, "ALL@SECLEVEL=0");
        SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
        if (s->row->has_rsa)
                SSL_CTX_set1_sigalgs_list(context, "rsa_pss_rsae_sha256:ECDSA+SHA256");
        SSL_CTX_use_certificate(context, ec.leaf);
        SSL_CTX_use_PrivateKey(context, ec.leaf_key);
        if (s->row->has_rsa) {
                SSL_CTX_use_certificate(context, rsa);
                SSL_CTX_use_PrivateKey(context, rsa_key);
        }
        if (s->row->insists)
                SSL_CTX_set_verify(context,
                                   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                                   accept_any);
        ssl = SSL_new(context);
        SSL_set_fd(ssl, s->fd);
        if (SSL_accept(ssl) == 1)
                (void) SSL_read(ssl, &byte, 1);
        SSL_free(ssl);
        SSL_CTX_free(context);
}

static void *serve(void *userdata)
{
        Server *s = userdata;

        if (s->row->raw)
                (void) send(s->fd, s->row->raw, strlen(s->row->raw), MSG_NOSIGNAL);
        else if (!s->row->is_silent && !s->row->goes)
                serve_tls(s);
        if (s->row->goes)
                (void) shutdown(s->fd, SHUT_RDWR);
        return NULL;
}

static void handshake(SSL_CTX *context, const Row *row)
{
        const TlsRequest request = {"a.example", row->is_like ? ec.leaf : NULL};
        const char *detail = NULL;
        pthread_t thread;
        X509 *leaf = NULL;
        Server server;
        Connection c;
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
        server = (Server){fds[1], row};
        c = (Connection){fds[0], now_monotonic() + (row->is_silent ? 1 : 200) * 50 * USEC_PER_MSEC};
        assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);
        assert_row(row->name, tls_handshake(context, &c, &request, &leaf, &detail) == row->outcome);
        close(fds[0]);
        pthread_join(thread, NULL);
        close(fds[1]);
        assert_row(row->name, !leaf == (row->outcome != 0));
        if (leaf)
                assert_row(row->name,
                           X509_cmp(leaf, row->has_rsa && !row->is_like ? rsa : ec.leaf) == 0);
        X509_free(leaf);
}

static void test_tls_handshake__table(void **state)
{
        static const Row rows[] = {
                        {"any version"},
                        {"TLS 1.2", .version = TLS1_2_VERSION},
                        {"TLS 1.1", .version = TLS1_1_VERSION, .outcome = VERIFY_E_NO_TLS},
                        {"HTTP",
                         .raw = "HTTP/1.1 400 Bad Request\r\n\r\n",
                         .outcome = VERIFY_E_NO_TLS},
                        {"silence", .is_silent = true, .outcome = VERIFY_E_TIMED_OUT},
                        {"gone", .goes = true, .outcome = VERIFY_E_CLOSED},
                        {"wants ours, TLS 1.2", .version = TLS1_2_VERSION, .insists = true},
                        {"wants ours, TLS 1.3", .insists = true},
                        {"two keys", .has_rsa = true},
                        {"two keys, ours is asked for", .has_rsa = true, .is_like = true},
                        {"two keys, TLS 1.2, ours is asked for",
                         .version = TLS1_2_VERSION,
                         .has_rsa = true,
                         .is_like = true},
        };
        SSL_CTX *context = NULL;

        (void) state;
        assert_int_equal(tls_context_new(&context), 0);
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                handshake(context, row);
        SSL_CTX_free(context);
}

static int setup(void **state)
{
        (void) state;
        (void) signal(SIGPIPE, SIG_IGN);
        pki_make(&ec, "DNS:a.example", NULL);
        rsa_key = pki_key("RSA-2048");
        rsa = pki_certify(&(PkiSpec){.cn = "a.example", .key = rsa_key, .issuer_key = rsa_key});
        return 0;
}

static int teardown(void **state)
{
        (void) state;
        pki_done(&ec);
        EVP_PKEY_free(rsa_key);
        X509_free(rsa);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_tls_handshake__table),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
