/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many exchanges over one connection, by libcurl's multi interface. What an exchange may cost, and
 * what is believed of its reply, is in exchange.c. */

#include "client/http.h"

#include "client/exchange.h"

/* Those that have streams, and as many that wait for the connection. */
#define EXCHANGES_MAX (2 * HTTP_STREAMS_MAX)

struct Http {
        ExchangeShared shared;
        CURLM *multi;
        size_t under_way;
        bool has_streams;
        Exchange *exchanges[EXCHANGES_MAX];
};

static void drop(Http *http, Exchange *x)
{
        (void) http->shared.curl->multi_remove_handle(http->multi, x->handle);
        exchange_free(x);
}

static int append_header(ExchangeShared *shared, ExchangeHeaders headers, const char *line)
{
        struct curl_slist *grown = shared->curl->slist_append(shared->headers[headers], line);

        if (!grown)
                return -ENOMEM;
        shared->headers[headers] = grown;
        return 0;
}

static int make_headers(ExchangeShared *shared)
{
        static const struct {
                ExchangeHeaders first; /* and those behind it, which have more */
                const char *line;
        } lines[] = {
                        /* For problem documents (RFC 8555 section 6.1): the rest of what we say is
                         * English, too. */
                        {EXCHANGE_HEADERS_PLAIN, "Accept-Language: en"},
                        {EXCHANGE_HEADERS_POST, "Content-Type: application/jose+json"},
                        /* It would cost a round trip (RFC 9110 section 10.1.1). */
                        {EXCHANGE_HEADERS_POST, "Expect:"},
                        {EXCHANGE_HEADERS_CHAIN, "Accept: application/pem-certificate-chain"},
        };

        FOREACH_ARRAY (l, lines, ELEMENTSOF(lines))
                for (ExchangeHeaders headers = l->first; headers < EXCHANGE_HEADERS_MAX; headers++)
                        if (append_header(shared, headers, l->line) < 0)
                                return -ENOMEM;
        return 0;
}

int http_new(const char *trust, Http **ret)
{
        _cleanup_(http_freep) Http *http = NULL;
        int r;

        http = calloc(1, sizeof(*http));
        if (!http)
                return -ENOMEM;
        http->shared.curl = curl_library();
        if (!http->shared.curl)
                return -ELIBACC;
        r = trust_find(http->shared.curl, trust, &http->shared.trust);
        if (r < 0)
                return r;
        http->multi = http->shared.curl->multi_init();
        if (!http->multi)
                return -ENOMEM;
        r = make_headers(&http->shared);
        if (r < 0)
                return r;
        if (http->shared.curl->multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L) !=
                            CURLM_OK ||
            http->shared.curl->multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) !=
                            CURLM_OK)
                return -ELIBACC;
        *ret = TAKE_PTR(http);
        return 0;
}

void http_free(Http *http)
{
        if (!http)
                return;
        FOREACH_ARRAY (x, http->exchanges, ELEMENTSOF(http->exchanges))
                if (*x)
                        drop(http, *x);
        if (http->multi)
                (void) http->shared.curl->multi_cleanup(http->multi);
        FOREACH_ARRAY (headers, http->shared.headers, EXCHANGE_HEADERS_MAX)
                if (*headers)
                        http->shared.curl->slist_free_all(*headers);
        trust_done(&http->shared.trust);
        free(http);
}

static int multi_error(CURLMcode code)
{
        return code == CURLM_OK ? 0 : code == CURLM_OUT_OF_MEMORY ? -ENOMEM : -EIO;
}

int http_start(Http *http, const HttpRequest *request)
{
        _cleanup_(exchange_freep) Exchange *x = NULL;
        Exchange **slot = NULL;
        int r;

        r = exchange_new(&http->shared, request, &x);
        if (r < 0)
                return r;
        FOREACH_ARRAY (s, http->exchanges, ELEMENTSOF(http->exchanges))
                if (!*s)
                        slot = s;
        if (!slot)
                return -ENOBUFS;
        r = multi_error(http->shared.curl->multi_add_handle(http->multi, x->handle));
        if (r < 0)
                return r;
        *slot = TAKE_PTR(x);
        http->under_way++;
        return http_pump(http);
}

/* Return: 0; -EAGAIN when no reply is there; -ENOMEM. */
static int take_reply(Http *http, HttpReply *ret)
{
        Exchange *x = NULL;
        CURLMsg *message;
        int left, r;

        do {
                message = http->shared.curl->multi_info_read(http->multi, &left);
                if (!message)
                        return -EAGAIN;
        } while (message->msg != CURLMSG_DONE);

        FOREACH_ARRAY (slot, http->exchanges, ELEMENTSOF(http->exchanges))
                if (*slot && (*slot)->handle == message->easy_handle)
                        x = TAKE_PTR(*slot);
        assert(x);
        http->under_way--;
        r = exchange_finish(x, message->data.result);
        if (r == 0) {
                http->has_streams = x->has_streams;
                *ret = x->reply;
                x->reply = (HttpReply){};
        }
        drop(http, x);
        return r;
}

int http_pump(Http *http)
{
        int running;

        return multi_error(http->shared.curl->multi_perform(http->multi, &running));
}

/* Until something happens on a connection or the other descriptor; negative: there is none.
 * Return: 0; -ETIMEDOUT; -EINTR when it was that one; -errno. */
static int poll_until(Http *http, usec_t deadline_usec, int fd)
{
        struct curl_waitfd other = {.fd = fd, .events = CURL_WAIT_POLLIN};
        usec_t now_usec = now_monotonic(), left_usec;
        int r;

        if (now_usec >= deadline_usec)
                return -ETIMEDOUT;
        left_usec = MIN(deadline_usec - now_usec, HTTP_REQUEST_TIMEOUT_USEC);
        r = multi_error(http->shared.curl->multi_poll(
                        http->multi,
                        &other,
                        fd >= 0 ? 1 : 0,
                        (int) ((left_usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC),
                        NULL));
        return r == 0 && other.revents != 0 ? -EINTR : r;
}

int http_wait_for_fd(Http *http, int fd, usec_t deadline_usec)
{
        int r;

        do {
                r = http_pump(http);
                if (r == 0)
                        r = poll_until(http, deadline_usec, fd);
        } while (r == 0);
        return r == -EINTR ? 0 : r;
}

int http_wait(Http *http, int fd, usec_t deadline_usec, HttpReply *ret)
{
        for (;;) {
                int r;

                r = http_pump(http);
                if (r < 0)
                        return r;
                r = take_reply(http, ret);
                if (r != -EAGAIN)
                        return r;
                r = poll_until(http, deadline_usec, fd);
                if (r < 0)
                        return r;
        }
}

size_t http_under_way(const Http *http)
{
        return http->under_way;
}

size_t http_streams(const Http *http)
{
        return http->has_streams ? HTTP_STREAMS_MAX : 1;
}
