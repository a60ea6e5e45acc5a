/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor of bench/issue: what a certificate costs when nothing is done but what RFC 8555 asks
 * for.
 *
 *     floor DIRECTORY-URL CA-FILE NAME...
 *
 * Makes an account key and a certificate key, gets a certificate for the names and prints it. One
 * HTTP/2 connection, at most WINDOW requests under way, no request that could be left out: the
 * authorizations are not polled, and the order only when the CA refuses to finalize it yet, as it
 * may (section 7.4). Answers http-01 on port 80 itself, for any
 * token, as a key authorization needs nothing but the token and the account key (RFC 8555, 8.1).
 *
 * A yardstick and no client: it stores nothing, retries nothing, trusts what the CA says, and ends
 * at the first thing that it did not expect.
 */

#include <curl/curl.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 32
#define NONCES_MAX (2 * WINDOW)
/* Between two looks at an order that the CA is still working on. */
#define POLL_NSEC 3000000
#define COORDINATE_BYTES 32 /* of P-256 */
#define BASE64URL_BYTES(n) (4 * (((n) + 2) / 3) + 1)

typedef struct Request Request;
struct Request {
        Request *next;
        CURL *curl;
        char *url;
        const char *payload; /* NULL: GET; "": POST-as-GET */
        bool head;
        bool may_be_early; /* status 403 is an answer, too */
        long status;
        void (*then)(Request *request);
        char *sent;
        char *body;
        size_t body_bytes;
        char *location;
};

static CURLM *multi;
static struct curl_slist *headers;
static const char *ca_file;
static Request *queue, **queue_tail = &queue;
static unsigned under_way;
static char *nonces[NONCES_MAX];
static unsigned n_nonces;
static EVP_PKEY *account_key;
static char *account_url, *jwk, *thumbprint;

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        fputs("floor: ", stderr);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
        exit(EXIT_FAILURE);
}

static void *must(void *pointer, const char *what)
{
        if (!pointer)
                die("%s failed", what);
        return pointer;
}

__attribute__((format(printf, 1, 2))) static char *print(const char *format, ...)
{
        va_list arguments;
        char *text;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                die("out of memory");
        va_end(arguments);
        return text;
}

static char *base64url(const void *data, size_t size)
{
        char *text = must(malloc(BASE64URL_BYTES(size)), "malloc"), *end;

        end = text + EVP_EncodeBlock((unsigned char *) text, data, (int) size);
        while (end > text && end[-1] == '=')
                *--end = '\0';
        for (char *c = text; *c; c++)
                *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
        return text;
}

static const char *member(json_object *object, const char *name)
{
        return must((void *) json_object_get_string(json_object_object_get(object, name)), name);
}

/* Keys and signatures */

static void account_init(void)
{
        unsigned char x[COORDINATE_BYTES], y[COORDINATE_BYTES], digest[EVP_MAX_MD_SIZE];
        BIGNUM *bx = NULL, *by = NULL;
        unsigned size;

        account_key = must(EVP_EC_gen("P-256"), "making the account key");
        EVP_PKEY_get_bn_param(account_key, OSSL_PKEY_PARAM_EC_PUB_X, &bx);
        EVP_PKEY_get_bn_param(account_key, OSSL_PKEY_PARAM_EC_PUB_Y, &by);
        BN_bn2binpad(bx, x, sizeof(x));
        BN_bn2binpad(by, y, sizeof(y));
        /* The form of RFC 7638, so that it serves for the thumbprint as well. */
        jwk = print("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
                    base64url(x, sizeof(x)),
                    base64url(y, sizeof(y)));
        EVP_Digest(jwk, strlen(jwk), digest, &size, EVP_sha256(), NULL);
        thumbprint = base64url(digest, size);
}

/* ES256 as RFC 7518, 3.4 wants it: both numbers at their full length. */
static char *sign(const char *input)
{
        unsigned char der[128], raw[2 * COORDINATE_BYTES];
        const unsigned char *in = der;
        EVP_MD_CTX *context = must(EVP_MD_CTX_new(), "EVP_MD_CTX_new");
        size_t size = sizeof(der);
        ECDSA_SIG *signature;

        if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, account_key) != 1 ||
            EVP_DigestSign(context, der, &size, (const unsigned char *) input, strlen(input)) != 1)
                die("signing failed");
        EVP_MD_CTX_free(context);
        signature = must(d2i_ECDSA_SIG(NULL, &in, (long) size), "d2i_ECDSA_SIG");
        BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, COORDINATE_BYTES);
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + COORDINATE_BYTES, COORDINATE_BYTES);
        ECDSA_SIG_free(signature);
        return base64url(raw, sizeof(raw));
}

static char *jws(const char *url, const char *payload)
{
        char *nonce = nonces[--n_nonces], *header, *input, *body, *header64, *payload64;

        header = account_url ? print("{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":\"%s\",\"url\":"
                                     "\"%s\"}",
                                     account_url,
                                     nonce,
                                     url)
                             : print("{\"alg\":\"ES256\",\"jwk\":%s,\"nonce\":\"%s\",\"url\":\"%"
                                     "s\"}",
                                     jwk,
                                     nonce,
                                     url);
        header64 = base64url(header, strlen(header));
        payload64 = base64url(payload, strlen(payload));
        input = print("%s.%s", header64, payload64);
        body = print("{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}",
                     header64,
                     payload64,
                     sign(input));
        free(nonce);
        free(header);
        free(input);
        return body;
}

/* PKCS#10 with nothing but the names, as base64url of its DER. */
static char *csr(char **names, int n_names)
{
        EVP_PKEY *key = must(EVP_EC_gen("P-256"), "making the certificate's key");
        STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
        GENERAL_NAMES *alternatives = sk_GENERAL_NAME_new_null();
        X509_REQ *request = must(X509_REQ_new(), "X509_REQ_new");
        unsigned char *der = NULL;
        int size;

        for (int i = 0; i < n_names; i++) {
                GENERAL_NAME *name = GENERAL_NAME_new();
                ASN1_IA5STRING *text = ASN1_IA5STRING_new();

                ASN1_STRING_set(text, names[i], -1);
                GENERAL_NAME_set0_value(name, GEN_DNS, text);
                sk_GENERAL_NAME_push(alternatives, name);
        }
        X509V3_add1_i2d(&extensions, NID_subject_alt_name, alternatives, 0, 0);
        X509_REQ_set_pubkey(request, key);
        X509_REQ_add_extensions(request, extensions);
        if (X509_REQ_sign(request, key, EVP_sha256()) == 0)
                die("signing the CSR failed");
        size = i2d_X509_REQ(request, &der);
        return base64url(der, (size_t) size);
}

/* Requests */

static size_t on_body(char *data, size_t size, size_t n, void *pointer)
{
        Request *request = pointer;

        request->body = must(realloc(request->body, request->body_bytes + n * size + 1), "realloc");
        memcpy(request->body + request->body_bytes, data, n * size);
        request->body_bytes += n * size;
        request->body[request->body_bytes] = '\0';
        return n * size;
}

static Request *enqueue(const char *url, const char *payload, void (*then)(Request *request))
{
        Request *request = must(calloc(1, sizeof(*request)), "calloc");

        request->url = must(strdup(url), "strdup");
        request->payload = payload;
        request->then = then;
        *queue_tail = request;
        queue_tail = &request->next;
        return request;
}

static void start(Request *request)
{
        CURL *curl = request->curl = must(curl_easy_init(), "curl_easy_init");

        curl_easy_setopt(curl, CURLOPT_URL, request->url);
        curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "acmeward-floor");
        curl_easy_setopt(curl, CURLOPT_PIPEWAIT, 1L);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
        curl_easy_setopt(curl, CURLOPT_PRIVATE, request);
        curl_easy_setopt(curl, CURLOPT_NOBODY, (long) request->head);
        if (request->payload) {
                request->sent = jws(request->url, request->payload);
                curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->sent);
                curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        }
        curl_multi_add_handle(multi, curl);
        under_way++;
}

static char *header(Request *request, const char *name)
{
        struct curl_header *found;

        if (curl_easy_header(request->curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
                return NULL;
        return must(strdup(found->value), "strdup");
}

static void finish(Request *request, CURLcode result)
{
        char *nonce;

        curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &request->status);
        if (result != CURLE_OK ||
            (request->status / 100 != 2 && !(request->may_be_early && request->status == 403)))
                die("%s: %s, status %ld: %s",
                    request->url,
                    curl_easy_strerror(result),
                    request->status,
                    request->body ? request->body : "");
        nonce = header(request, "replay-nonce");
        if (nonce && n_nonces < NONCES_MAX)
                nonces[n_nonces++] = nonce;
        request->location = header(request, "location");
        curl_multi_remove_handle(multi, request->curl);
        curl_easy_cleanup(request->curl);
        under_way--;
        if (request->then)
                request->then(request);
}

/* Performs what is queued and what that leads to. */
static void run(void)
{
        int running, left;
        CURLMsg *message;

        while (queue || under_way > 0) {
                while (queue && under_way < WINDOW && (!queue->payload || n_nonces > 0)) {
                        Request *request = queue;

                        queue = request->next;
                        if (!queue)
                                queue_tail = &queue;
                        start(request);
                }
                if (under_way == 0)
                        die("no nonce is left");
                curl_multi_perform(multi, &running);
                while ((message = curl_multi_info_read(multi, &left))) {
                        Request *request;

                        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
                        finish(request, message->data.result);
                }
                if ((unsigned) running == under_way && under_way > 0)
                        curl_multi_poll(multi, NULL, 0, 1000, NULL);
        }
}

static Request *perform(const char *url, const char *payload)
{
        Request *request = enqueue(url, payload, NULL);

        run();
        return request;
}

/* The order */

static json_object *parsed(const Request *request)
{
        return must(json_tokener_parse(request->body), "parsing a reply");
}

static void answer_challenge(Request *request)
{
        json_object *challenges = json_object_object_get(parsed(request), "challenges");

        for (size_t i = 0; i < json_object_array_length(challenges); i++) {
                json_object *challenge = json_object_array_get_idx(challenges, i);

                if (strcmp(member(challenge, "type"), "http-01") == 0)
                        enqueue(member(challenge, "url"), "{}", NULL);
        }
}

/* Looks at the order until its status is the wanted one. */
static json_object *await_order(const char *url, json_object *order, const char *status)
{
        const struct timespec pause = {.tv_nsec = POLL_NSEC};

        for (bool first = true; !order || strcmp(member(order, "status"), status) != 0;
             first = false) {
                if (!first)
                        nanosleep(&pause, NULL);
                order = parsed(perform(url, ""));
                if (strcmp(member(order, "status"), "invalid") == 0)
                        die("the order became invalid: %s", json_object_get_string(order));
        }
        return order;
}

/* Asks for the certificate: at once, and if that is too early, when the order is ready. */
static Request *finalize(const char *url, json_object *order, char *payload)
{
        const struct timespec pause = {.tv_nsec = POLL_NSEC};
        Request *request;

        nanosleep(&pause, NULL);
        request = enqueue(member(order, "finalize"), payload, NULL);
        request->may_be_early = true;
        run();
        if (request->status != 403)
                return request;
        return perform(member(await_order(url, NULL, "ready"), "finalize"), payload);
}

static char *order_payload(char **names, int n_names)
{
        json_object *order = json_object_new_object(), *identifiers = json_object_new_array();

        for (int i = 0; i < n_names; i++) {
                json_object *identifier = json_object_new_object();

                json_object_object_add(identifier, "type", json_object_new_string("dns"));
                json_object_object_add(identifier, "value", json_object_new_string(names[i]));
                json_object_array_add(identifiers, identifier);
        }
        json_object_object_add(order, "identifiers", identifiers);
        return print("%s", json_object_to_json_string(order));
}

static void get_certificate(const char *directory_url, char **names, int n_names)
{
        json_object *directory = parsed(perform(directory_url, NULL)), *order, *authorizations;
        int n_heads = n_names < WINDOW ? n_names : WINDOW;
        Request *reply;
        char *url;

        /* As many nonces as there are to be requests under way; each reply brings the next one. */
        for (int i = 0; i < n_heads; i++)
                enqueue(member(directory, "newNonce"), NULL, NULL)->head = true;
        run();
        account_url = perform(member(directory, "newAccount"), "{\"termsOfServiceAgreed\":true}")
                                      ->location;
        reply = perform(member(directory, "newOrder"), order_payload(names, n_names));
        order = parsed(reply);
        url = must(reply->location, "finding the order's URL");
        authorizations = json_object_object_get(order, "authorizations");
        for (size_t i = 0; i < json_object_array_length(authorizations); i++)
                enqueue(json_object_get_string(json_object_array_get_idx(authorizations, i)),
                        "",
                        answer_challenge);
        run();
        reply = finalize(url, order, print("{\"csr\":\"%s\"}", csr(names, n_names)));
        order = await_order(url, parsed(reply), "valid");
        fputs(perform(member(order, "certificate"), "")->body, stdout);
}

/* Port 80 */

static void answer_validation(int fd)
{
        static const char prefix[] = "GET /.well-known/acme-challenge/";
        char request[4096], reply[1024], *token = request + sizeof(prefix) - 1;
        size_t used = 0;
        ssize_t n = 1;
        int size;

        request[0] = '\0';
        while (n > 0 && used < sizeof(request) - 1 && !strstr(request, "\r\n\r\n")) {
                n = read(fd, request + used, sizeof(request) - 1 - used);
                used += n > 0 ? (size_t) n : 0;
                request[used] = '\0';
        }
        if (strncmp(request, prefix, sizeof(prefix) - 1) != 0)
                return;
        token[strcspn(token, " ")] = '\0';
        size = snprintf(reply,
                        sizeof(reply),
                        "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: "
                        "close\r\n\r\n%.200s.%s",
                        strlen(token) + 1 + strlen(thumbprint),
                        token,
                        thumbprint);
        if (write(fd, reply, (size_t) size) != size)
                die("a validator went away");
}

static void *serve(void *pointer)
{
        int listener = *(int *) pointer, fd;

        while ((fd = accept(listener, NULL, NULL)) >= 0) {
                answer_validation(fd);
                close(fd);
        }
        return NULL;
}

static void web_server_start(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
        static int listener;
        pthread_t thread;

        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
        if (listener < 0 || bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            listen(listener, SOMAXCONN) < 0)
                die("port 80 cannot be had");
        if (pthread_create(&thread, NULL, serve, &listener) != 0)
                die("pthread_create failed");
}

int main(int argc, char **argv)
{
        if (argc < 4) {
                fputs("usage: floor DIRECTORY-URL CA-FILE NAME...\n", stderr);
                return EXIT_FAILURE;
        }
        ca_file = argv[2];
        curl_global_init(CURL_GLOBAL_DEFAULT);
        multi = must(curl_multi_init(), "curl_multi_init");
        curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
        headers = curl_slist_append(NULL, "Content-Type: application/jose+json");
        account_init();
        web_server_start();
        get_certificate(argv[1], argv + 3, argc - 3);
        return EXIT_SUCCESS;
}
