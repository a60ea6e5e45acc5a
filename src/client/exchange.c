/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One exchange by libcurl.
 *
 * Who trusts whom: nothing that comes from the network is believed to end, to be small or to be
 * whole. libcurl's own size limit does not hold for bodies without a length, and a body that ends
 * with the connection cannot be told from a broken one: so bytes are counted here, and a reply over
 * HTTP/1.1 without a length counts as broken. Redirects are not followed, nothing is asked to be
 * compressed, and the verification of the server cannot be switched off. */

#include "client/exchange.h"

#include <strings.h>

#include "acme/link.h"
#include "base/escape.h"
#include "version.h"

#define USER_AGENT "acmeward/" ACMEWARD_VERSION " (+" ACMEWARD_URL ")"

void http_reply_done(HttpReply *reply)
{
        free(reply->error);
        free(reply->body);
        free(reply->replay_nonce);
        free(reply->location);
        free(reply->retry_after);
        free(reply->date);
        free(reply->terms_of_service);
        strv_free(reply->alternates);
        *reply = (HttpReply){};
}

void exchange_free(Exchange *x)
{
        if (!x)
                return;
        if (x->handle)
                x->shared->curl->easy_cleanup(x->handle);
        http_reply_done(&x->reply);
        free(x->body);
        free(x);
}

/* There may be many of this field; where none of them is what we look for, nobody misses it. */
static void take_link(Exchange *x, const char *value, size_t length)
{
        _cleanup_free_ char *copy = NULL;

        copy = strndup(value, length);
        x->is_out_of_memory |= !copy ||
                               (!x->reply.terms_of_service &&
                                link_find(copy, "terms-of-service", &x->reply.terms_of_service) ==
                                                -ENOMEM) ||
                               link_collect(copy,
                                            "alternate",
                                            HTTP_ALTERNATES_MAX,
                                            &x->reply.alternates) == -ENOMEM;
}

/* The fields that anybody here reads. One that comes twice says two things, and is not heard. */
static void
take_header(Exchange *x, const char *name, size_t name_length, const char *value, size_t length)
{
        const struct {
                const char *name;
                char **slot;
        } wanted[] = {
                        {"Replay-Nonce", &x->reply.replay_nonce},
                        {"Location", &x->reply.location},
                        {"Retry-After", &x->reply.retry_after},
                        {"Date", &x->reply.date},
        };

        FOREACH_ARRAY (w, wanted, ELEMENTSOF(wanted)) {
                if (strlen(w->name) != name_length || strncasecmp(w->name, name, name_length) != 0)
                        continue;
                if (*w->slot) {
                        (*w->slot)[0] = '\0';
                        continue;
                }
                *w->slot = strndup(value, length);
                x->is_out_of_memory |= !*w->slot;
        }
        if (name_length == 4 && strncasecmp(name, "Link", 4) == 0)
                take_link(x, value, length);
        if ((name_length == 14 && strncasecmp(name, "Content-Length", 14) == 0) ||
            (name_length == 17 && strncasecmp(name, "Transfer-Encoding", 17) == 0))
                x->has_length = true;
}

/* A new reply begins: what an interim one (RFC 9110 section 15.2) said does not count. */
static void forget_headers(Exchange *x)
{
        free(TAKE_PTR(x->reply.replay_nonce));
        free(TAKE_PTR(x->reply.location));
        free(TAKE_PTR(x->reply.retry_after));
        free(TAKE_PTR(x->reply.date));
        free(TAKE_PTR(x->reply.terms_of_service));
        strv_free(TAKE_PTR(x->reply.alternates));
        x->has_length = false;
}

static size_t on_header(char *data, size_t size, size_t n, void *userdata)
{
        Exchange *x = userdata;
        size_t length = size * n;
        const char *colon, *value;

        x->header_bytes += length;
        if (x->header_bytes > HTTP_HEADERS_MAX) {
                x->is_too_large = true;
                return 0;
        }
        if (length >= 5 && memcmp(data, "HTTP/", 5) == 0) {
                forget_headers(x);
                return length;
        }
        colon = memchr(data, ':', length);
        if (!colon || memchr(data, '\0', length))
                return length;

        value = colon + 1;
        n = length - (size_t) (value - data);
        while (n > 0 && (*value == ' ' || *value == '\t')) {
                value++;
                n--;
        }
        while (n > 0 && strchr(" \t\r\n", value[n - 1]))
                n--;
        take_header(x, data, (size_t) (colon - data), value, n);
        return x->is_out_of_memory ? 0 : length;
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
        Exchange *x = userdata;
        HttpReply *reply = &x->reply;
        size_t length = size * n;

        if (length > x->reply_max - reply->body_length) {
                x->is_too_large = true;
                return 0;
        }
        if (reply->body_length + length + 1 > x->reply_allocated) {
                size_t want = MAX(reply->body_length + length + 1, x->reply_allocated * 2);
                char *grown = realloc(reply->body, want);

                if (!grown) {
                        x->is_out_of_memory = true;
                        return 0;
                }
                reply->body = grown;
                x->reply_allocated = want;
        }
        memcpy(reply->body + reply->body_length, data, length);
        reply->body_length += length;
        reply->body[reply->body_length] = '\0';
        return length;
}

static size_t on_send(char *buffer, size_t size, size_t n, void *userdata)
{
        Exchange *x = userdata;
        size_t length = MIN(size * n, x->body_length - x->body_sent);

        memcpy(buffer, x->body + x->body_sent, length);
        x->body_sent += length;
        return length;
}

/* When a connection that was used before ends without a reply, libcurl would send the request again
 * by itself. A signed request is good for once (RFC 8555 section 6.5): it must not. */
static int on_rewind(void *userdata _unused_, curl_off_t offset _unused_, int origin _unused_)
{
        return CURL_SEEKFUNC_FAIL;
}

/* All options of all requests. A failure means that this libcurl is none of ours. */
static bool set_common_options(Exchange *x, const char *url)
{
        typeof(x->shared->curl->easy_setopt) set = x->shared->curl->easy_setopt;
        CURL *h = x->handle;

        return set(h, CURLOPT_URL, url) == CURLE_OK && set(h, CURLOPT_PRIVATE, x) == CURLE_OK &&
               set(h, CURLOPT_ERRORBUFFER, x->error) == CURLE_OK &&
               set(h, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
               set(h, CURLOPT_HEADERDATA, x) == CURLE_OK &&
               set(h, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
               set(h, CURLOPT_WRITEDATA, x) == CURLE_OK &&
               set(h, CURLOPT_USERAGENT, USER_AGENT) == CURLE_OK && /* RFC 8555 section 6.1 */
               set(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
               /* The signed "url" is the one that is asked for, dots and all (section 6.4). */
               set(h, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
               set(h, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
               set(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
               set(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK &&
               set(h, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS) == CURLE_OK &&
               /* Rather wait for the connection's streams than open another connection. */
               set(h, CURLOPT_PIPEWAIT, 1L) == CURLE_OK &&
               set(h, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
               set(h, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
               set(h, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
               set(h,
                   CURLOPT_CONNECTTIMEOUT_MS,
                   (long) (HTTP_CONNECT_TIMEOUT_USEC / USEC_PER_MSEC)) == CURLE_OK &&
               set(h, CURLOPT_TIMEOUT_MS, (long) (HTTP_REQUEST_TIMEOUT_USEC / USEC_PER_MSEC)) ==
                               CURLE_OK;
}

static bool set_trust(Exchange *x)
{
        typeof(x->shared->curl->easy_setopt) set = x->shared->curl->easy_setopt;
        const Trust *trust = &x->shared->trust;
        struct curl_blob blob = {.data = trust->bundle,
                                 .len = trust->bundle_length,
                                 .flags = CURL_BLOB_NOCOPY};

        if (trust->bundle)
                return set(x->handle, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
        if (!trust->directory)
                return true; /* what libcurl was built with */
        return set(x->handle, CURLOPT_CAPATH, trust->directory) == CURLE_OK &&
               set(x->handle, CURLOPT_CAINFO, trust->file) == CURLE_OK;
}

static bool set_headers(Exchange *x, ExchangeHeaders headers)
{
        return x->shared->curl->easy_setopt(x->handle,
                                            CURLOPT_HTTPHEADER,
                                            x->shared->headers[headers]) == CURLE_OK;
}

static bool set_method(Exchange *x, bool wants_chain)
{
        typeof(x->shared->curl->easy_setopt) set = x->shared->curl->easy_setopt;

        switch (x->method) {
        case HTTP_GET:
                return set_headers(x, EXCHANGE_HEADERS_PLAIN);
        case HTTP_HEAD:
                return set(x->handle, CURLOPT_NOBODY, 1L) == CURLE_OK &&
                       set_headers(x, EXCHANGE_HEADERS_PLAIN);
        case HTTP_POST:
                return set(x->handle, CURLOPT_POST, 1L) == CURLE_OK &&
                       set(x->handle, CURLOPT_POSTFIELDSIZE, (long) x->body_length) == CURLE_OK &&
                       set(x->handle, CURLOPT_READFUNCTION, on_send) == CURLE_OK &&
                       set(x->handle, CURLOPT_READDATA, x) == CURLE_OK &&
                       set(x->handle, CURLOPT_SEEKFUNCTION, on_rewind) == CURLE_OK &&
                       set_headers(x, wants_chain ? EXCHANGE_HEADERS_CHAIN : EXCHANGE_HEADERS_POST);
        }
        return false;
}

static HttpResult judge_code(CURLcode code)
{
        switch (code) {
        case CURLE_OK:
                return HTTP_DONE;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
        case CURLE_INTERFACE_FAILED:
                return HTTP_E_UNREACHABLE;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_INVALIDCERTSTATUS:
                return HTTP_E_UNTRUSTED;
        case CURLE_OPERATION_TIMEDOUT:
                return HTTP_E_TIMEOUT;
        case CURLE_WRITE_ERROR:
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_BAD_CONTENT_ENCODING:
                return HTTP_E_REFUSED;
        default:
                return HTTP_E_LOST;
        }
}

/* Over HTTP/1.1 a body may end with the connection, and so may the end of a longer one. */
static bool is_framed(const Exchange *x)
{
        long version = 0;

        (void) x->shared->curl->easy_getinfo(x->handle, CURLINFO_HTTP_VERSION, &version);
        return version >= CURL_HTTP_VERSION_2_0 || x->has_length || x->method == HTTP_HEAD ||
               x->reply.status == 204 || x->reply.status == 304;
}

static int set_error(HttpReply *reply, HttpResult result, const char *text)
{
        reply->result = result;
        reply->error = escape_foreign(text, strlen(text), FOREIGN_TEXT_MAX);
        return reply->error ? 0 : -ENOMEM;
}

/* A field that came twice was emptied. */
static void drop_empty(char **field)
{
        if (*field && !**field)
                free(TAKE_PTR(*field));
}

int exchange_finish(Exchange *x, CURLcode code)
{
        const CurlLibrary *curl = x->shared->curl;
        HttpReply *reply = &x->reply;
        long status = 0, version = 0;

        if (x->is_out_of_memory)
                return -ENOMEM;
        if (x->is_too_large)
                return set_error(reply,
                                 HTTP_E_REFUSED,
                                 "the reply is larger than any that we expect");
        if (code != CURLE_OK)
                return set_error(reply,
                                 judge_code(code),
                                 x->error[0] ? x->error : curl->easy_strerror(code));

        (void) curl->easy_getinfo(x->handle, CURLINFO_RESPONSE_CODE, &status);
        (void) curl->easy_getinfo(x->handle, CURLINFO_HTTP_VERSION, &version);
        reply->status = (unsigned) status;
        x->has_streams = version >= CURL_HTTP_VERSION_2_0;
        if (!is_framed(x))
                return set_error(reply, HTTP_E_LOST, "nobody can tell whether the reply is whole");
        if (!reply->body)
                reply->body = strdup("");
        drop_empty(&reply->replay_nonce);
        drop_empty(&reply->location);
        drop_empty(&reply->retry_after);
        drop_empty(&reply->date);
        return reply->body ? 0 : -ENOMEM;
}

int exchange_new(const ExchangeShared *shared, const HttpRequest *request, Exchange **ret)
{
        _cleanup_(exchange_freep) Exchange *x = NULL;

        x = calloc(1, sizeof(*x));
        if (!x) {
                free(request->body);
                return -ENOMEM;
        }
        *x = (Exchange){
                        .shared = shared,
                        .method = request->method,
                        .body = request->body,
                        .body_length = request->body ? strlen(request->body) : 0,
                        .reply_max = request->wants_chain ? HTTP_CHAIN_MAX : HTTP_JSON_MAX,
                        .reply.userdata = request->userdata,
        };
        x->handle = shared->curl->easy_init();
        if (!x->handle)
                return -ENOMEM;
        if (!set_common_options(x, request->url) || !set_trust(x) ||
            !set_method(x, request->wants_chain))
                return -ELIBACC;
        *ret = TAKE_PTR(x);
        return 0;
}
