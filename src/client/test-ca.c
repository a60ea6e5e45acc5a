/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/test-ca.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "base/time-util.h"
#include "x509/test-pki.h"
#include "json/json.h"

#define CONNECTIONS_MAX 64U
#define REQUEST_MAX 65536U
#define NONCES_MAX 512U
#define SCRIPT_MAX 64U

/* Where no script says otherwise. */
static const TestStep customs[] = {
                {.path = "/dir",
                 .body = "{\"newNonce\":\"@/nonce\",\"newAccount\":\"@/account\",\"newOrder\":\"@/"
                         "orders\"}"},
                {.path = "/nonce"},
                {.path = "/account",
                 .status = 201,
                 .head = "Location: @/account/1\r\n",
                 .body = "{\"status\":\"valid\"}"},
};

struct TestCa {
        TestTrace *trace;
        SSL_CTX *context;
        int listen_fd;
        char origin[64], trust[128];
        pthread_t acceptor;

        pthread_mutex_t lock; /* what is below */
        const TestStep *script;
        unsigned used[SCRIPT_MAX];
        bool given[NONCES_MAX]; /* and not taken back */
        unsigned n_nonces, n_connections;
        int fds[CONNECTIONS_MAX];
        pthread_t threads[CONNECTIONS_MAX];
        char head[REQUEST_MAX];
};

typedef struct Connection {
        TestCa *ca;
        SSL *ssl;
        char request[REQUEST_MAX];
        size_t length;
        char method[8], path[512];
        char *body; /* in request; NULL: none */
} Connection;

/* text with each '@' made the origin; owned. */
static char *fill_in(const TestCa *ca, const char *text)
{
        size_t n = 0, length = text ? strlen(text) : 0;
        char *out = malloc(length * 1 + 1 + 64 * strlen(ca->origin));

        assert(out);
        for (size_t i = 0; i < length; i++)
                if (text[i] == '@') {
                        strcpy(out + n, ca->origin);
                        n += strlen(ca->origin);
                } else
                        out[n++] = text[i];
        out[n] = '\0';
        return out;
}

/* Return: false at the connection's end. */
static bool read_some(Connection *c)
{
        int n = SSL_read(c->ssl,
                         c->request + c->length,
                         (int) (sizeof(c->request) - 1 - c->length));

        if (n <= 0)
                return false;
        c->length += (size_t) n;
        c->request[c->length] = '\0';
        return true;
}

static bool read_request(Connection *c)
{
        const char *length;
        char *end;

        c->length = 0;
        c->request[0] = '\0';
        while (!(end = strstr(c->request, "\r\n\r\n")))
                if (!read_some(c))
                        return false;
        length = strcasestr(c->request, "\r\nContent-Length: ");
        c->body = NULL;
        if (length && length < end) {
                size_t n = strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);

                while (c->length < (size_t) (end + 4 - c->request) + n)
                        if (!read_some(c))
                                return false;
                c->body = end + 4;
        }
        end[2] = '\0';
        return sscanf(c->request, "%7s %511s", c->method, c->path) == 2;
}

static const char *member(struct json_object *object, const char *name)
{
        struct json_object *value;

        return json_object_object_get_ex(object, name, &value) ? json_object_get_string(value) : "";
}

/* The JWS of the doors' signer: nonce, method and URL as they are. */
static void look_at_body(Connection *c)
{
        _cleanup_json_ struct json_object *jws = NULL;
        _cleanup_free_ char *url = NULL;
        TestCa *ca = c->ca;
        unsigned nonce;

        if (!c->body) {
                trace_add(ca->trace, "%s %s\n", c->method, c->path);
                return;
        }
        assert(json_parse(c->body, strlen(c->body), &jws) == 0);
        nonce = (unsigned) strtoul(member(jws, "protected") + 1, NULL, 10);
        trace_add(ca->trace, "%s %s\n", member(jws, "payload"), c->path);
        if (nonce >= NONCES_MAX || !ca->given[nonce])
                trace_add(ca->trace, "NONCE\n");
        else
                ca->given[nonce] = false;
        assert(asprintf(&url, "%s%s", ca->origin, c->path) > 0);
        if (!streq(url, member(jws, "signature")))
                trace_add(ca->trace, "URL\n");
}

static const TestStep *find_step(TestCa *ca, const char *path)
{
        static const TestStep not_found = {.status = 404};

        for (size_t i = 0; ca->script && ca->script[i].path; i++) {
                const TestStep *s = ca->script + i;

                assert(i < SCRIPT_MAX);
                if (streq(s->path, path) && (s->times == 0 || ca->used[i] < s->times)) {
                        ca->used[i]++;
                        return s;
                }
        }
        FOREACH_ARRAY (s, customs, ELEMENTSOF(customs))
                if (streq(s->path, path))
                        return s;
        return &not_found;
}

static void send_text(Connection *c, const char *text, size_t length)
{
        /* Who has gone does not listen. */
        (void) SSL_write(c->ssl, text, (int) length);
}

static char *format_head(TestCa *ca, const TestStep *s, size_t body_length)
{
        _cleanup_free_ char *more = fill_in(ca, s->head);
        char length[64] = "", nonce[64] = "", *head;

        if (s->end != TEST_UNFRAMED)
                (void) snprintf(length, sizeof(length), "Content-Length: %zu\r\n", body_length);
        if (!s->has_no_nonce) {
                assert(++ca->n_nonces < NONCES_MAX);
                ca->given[ca->n_nonces] = true;
                (void) snprintf(nonce, sizeof(nonce), "Replay-Nonce: n%u\r\n", ca->n_nonces);
        }
        assert(asprintf(&head,
                        "HTTP/1.1 %u Whatever\r\n%s%s%s%s\r\n",
                        s->status ? s->status : 200,
                        length,
                        nonce,
                        more,
                        s->end == TEST_UNFRAMED || s->end == TEST_LAST ? "Connection: close\r\n"
                                                                       : "") > 0);
        return head;
}

/* Return: does the connection go on? */
static bool reply(Connection *c, const TestStep *s)
{
        _cleanup_free_ char *body = fill_in(c->ca, s->body), *head = NULL;
        size_t length = strlen(body);

        if (s->end == TEST_REFUSE || s->end == TEST_HANG)
                return s->end == TEST_HANG;
        if (s->end == TEST_RAW) {
                send_text(c, body, length);
                return false;
        }
        head = format_head(c->ca, s, length);
        send_text(c, head, strlen(head));
        if (!streq(c->method, "HEAD"))
                send_text(c, body, s->end == TEST_CUT ? length / 2 : length);
        return s->end == TEST_WHOLE;
}

static bool serve_one(Connection *c)
{
        TestCa *ca = c->ca;
        bool goes_on;

        if (!read_request(c))
                return false;
        pthread_mutex_lock(&ca->lock);
        strcpy(ca->head, c->request);
        look_at_body(c);
        goes_on = reply(c, find_step(ca, c->path));
        pthread_mutex_unlock(&ca->lock);
        return goes_on;
}

static void *serve(void *userdata)
{
        Connection *c = userdata;

        if (SSL_accept(c->ssl) == 1) {
                while (serve_one(c))
                        ;
                /* A close that nobody can take for a cut. */
                (void) SSL_shutdown(c->ssl);
        }
        (void) shutdown(SSL_get_fd(c->ssl), SHUT_RDWR);
        SSL_free(c->ssl);
        free(c);
        return NULL;
}

static void *accept_all(void *userdata)
{
        TestCa *ca = userdata;
        int fd;

        while ((fd = accept4(ca->listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
                Connection *c = calloc(1, sizeof(*c));

                assert(c && ca->n_connections < CONNECTIONS_MAX);
                c->ca = ca;
                (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
                c->ssl = SSL_new(ca->context);
                assert(c->ssl && SSL_set_fd(c->ssl, fd) == 1);
                pthread_mutex_lock(&ca->lock);
                ca->fds[ca->n_connections] = fd;
                assert(pthread_create(ca->threads + ca->n_connections, NULL, serve, c) == 0);
                ca->n_connections++;
                pthread_mutex_unlock(&ca->lock);
        }
        return NULL;
}

static void make_context(TestCa *ca, const TestCaOptions *options)
{
        PkiSpec spec = {.cn = "Test CA's own certificate",
                        .names = options->names ? options->names : "IP:127.0.0.1",
                        .constraints = "critical,CA:TRUE",
                        .key = pki_key("P-256"),
                        .not_before = options->not_before,
                        .not_after = options->not_after};
        X509 *certificate;
        FILE *f;

        /* Whatever the clock says. */
        if (spec.not_before == 0 && spec.not_after == 0) {
                spec.not_before = -(int64_t) (PKI_NOW_USEC / USEC_PER_SEC);
                spec.not_after = (int64_t) 70 * 365 * 86400;
        }
        certificate = pki_certify(&spec);
        f = fopen(ca->trust, "we");
        assert_true(f && PEM_write_X509(f, certificate) == 1 && fclose(f) == 0);
        ca->context = SSL_CTX_new(TLS_server_method());
        assert_true(ca->context && SSL_CTX_use_certificate(ca->context, certificate) == 1 &&
                    SSL_CTX_use_PrivateKey(ca->context, spec.key) == 1);
        if (options->is_old)
                assert_true(SSL_CTX_set_min_proto_version(ca->context, TLS1_VERSION) == 1 &&
                            SSL_CTX_set_max_proto_version(ca->context, TLS1_1_VERSION) == 1 &&
                            SSL_CTX_set_cipher_list(ca->context, "ALL:@SECLEVEL=0") == 1);
        X509_free(certificate);
        EVP_PKEY_free(spec.key);
}

TestCa *
test_ca_start(const TestDirectory *directory, TestTrace *trace, const TestCaOptions *options)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof(address);
        TestCa *ca = calloc(1, sizeof(*ca));

        assert_non_null(ca);
        ca->trace = trace;
        (void) snprintf(ca->trust, sizeof(ca->trust), "%s/ca.pem", directory->path);
        make_context(ca, options);
        ca->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(ca->listen_fd, (struct sockaddr *) &address, length), 0);
        assert_int_equal(listen(ca->listen_fd, 16), 0);
        assert_int_equal(getsockname(ca->listen_fd, (struct sockaddr *) &address, &length), 0);
        (void) snprintf(ca->origin,
                        sizeof(ca->origin),
                        "https://127.0.0.1:%u",
                        ntohs(address.sin_port));
        assert_int_equal(pthread_mutex_init(&ca->lock, NULL), 0);
        assert_int_equal(pthread_create(&ca->acceptor, NULL, accept_all, ca), 0);
        return ca;
}

void test_ca_stop(TestCa *ca)
{
        (void) shutdown(ca->listen_fd, SHUT_RDWR);
        assert_int_equal(pthread_join(ca->acceptor, NULL), 0);
        for (unsigned i = 0; i < ca->n_connections; i++) {
                (void) shutdown(ca->fds[i], SHUT_RDWR);
                assert_int_equal(pthread_join(ca->threads[i], NULL), 0);
                close(ca->fds[i]);
        }
        close(ca->listen_fd);
        SSL_CTX_free(ca->context);
        free(ca);
}

void test_ca_play(TestCa *ca, const TestStep *script)
{
        pthread_mutex_lock(&ca->lock);
        ca->script = script;
        memset(ca->used, 0, sizeof(ca->used));
        pthread_mutex_unlock(&ca->lock);
}

const char *test_ca_origin(const TestCa *ca)
{
        return ca->origin;
}

const char *test_ca_trust(const TestCa *ca)
{
        return ca->trust;
}

unsigned test_ca_connections(TestCa *ca)
{
        unsigned n;

        pthread_mutex_lock(&ca->lock);
        n = ca->n_connections;
        pthread_mutex_unlock(&ca->lock);
        return n;
}

const char *test_ca_head(const TestCa *ca)
{
        return ca->head;
}
