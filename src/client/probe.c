/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One GET in the way of a CA: by the name, on port 80, with redirections followed, also to https.
 * But every connection goes to this machine, whatever DNS and a redirection say, and never through
 * a proxy. What comes is a stranger's: it is bounded, compared, and never shown. */

#include "client/probe.h"

#include <strings.h>

#include "version.h"

/* It is this machine that answers; the first reply has to wait for the web root's process. */
#define CONNECT_TIMEOUT_MS 3000L
#define TIMEOUT_MS 10000L

/* As many as public CAs follow. */
#define REDIRECTIONS_MAX 10L

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
        Probe *p = userdata;
        size_t length = size * n;

        if (length > sizeof(p->body) - p->length) {
                p->is_too_large = true;
                return 0;
        }
        memcpy(p->body + p->length, data, length);
        p->length += length;
        return length;
}

static size_t on_header(char *data, size_t size, size_t n, void *userdata)
{
        static const char ours[] = "Server: acmeward";
        Probe *p = userdata;
        size_t length = size * n;

        /* Another hop of a redirection. */
        if (length >= 5 && memcmp(data, "HTTP/", 5) == 0) {
                p->is_ours = false;
                p->length = 0;
        }
        if (length >= strlen(ours) && strncasecmp(data, ours, strlen(ours)) == 0)
                p->is_ours = true;
        return length;
}

static bool set_options(Probe *p)
{
        typeof(p->curl->easy_setopt) set = p->curl->easy_setopt;
        CURL *h = p->handle;

        return set(h, CURLOPT_ERRORBUFFER, p->error) == CURLE_OK &&
               set(h, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
               set(h, CURLOPT_WRITEDATA, p) == CURLE_OK &&
               set(h, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
               set(h, CURLOPT_HEADERDATA, p) == CURLE_OK &&
               set(h, CURLOPT_USERAGENT, "acmeward/" ACMEWARD_VERSION " (self-check)") ==
                               CURLE_OK &&
               set(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
               set(h, CURLOPT_PROXY, "") == CURLE_OK && /* not even by the environment */
               /* libcurl looks at both for a redirection; the first URL is ours, and http. */
               set(h, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
               set(h, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK &&
               set(h, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
               set(h, CURLOPT_MAXREDIRS, REDIRECTIONS_MAX) == CURLE_OK &&
               /* A site behind a redirection may have no valid certificate yet, and a CA does not
                * ask for one: what comes is public, and compared with what we know. */
               set(h, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
               set(h, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
               set(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
               set(h, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) == CURLE_OK;
}

int probe_init(Probe *p)
{
        *p = (Probe){.curl = curl_library()};
        if (!p->curl)
                return -ELIBACC;
        p->handle = p->curl->easy_init();
        if (!p->handle)
                return -ENOMEM;
        return set_options(p) ? 0 : -ELIBACC;
}

void probe_done(Probe *p)
{
        if (p->handle)
                p->curl->easy_cleanup(p->handle);
        p->handle = NULL;
}

bool probe_body_is(const char *body, size_t length, const char *key_authorization)
{
        size_t n = strlen(key_authorization);

        if (length < n || memcmp(body, key_authorization, n) != 0)
                return false;
        for (size_t i = n; i < length; i++)
                if (!memchr(" \t\r\n", body[i], 4))
                        return false;
        return true;
}

/* Port 80 of any name is at the address and the port; any other port of any name is at the address.
 * Return: a new list, NULL without memory. */
static struct curl_slist *make_routes(const CurlLibrary *curl, const char *address, unsigned port)
{
        char first[96], others[96];
        struct curl_slist *list, *grown;

        (void) snprintf(first, sizeof(first), ":80:%s:%u", address, port);
        (void) snprintf(others, sizeof(others), "::%s:", address);
        list = curl->slist_append(NULL, first);
        grown = list ? curl->slist_append(list, others) : NULL;
        if (!grown)
                curl->slist_free_all(list);
        return grown;
}

static ProbeResult judge(Probe *p, CURLcode code, const char *key_authorization)
{
        p->status = 0;
        (void) p->curl->easy_getinfo(p->handle, CURLINFO_RESPONSE_CODE, &p->status);
        /* A server that sends us on to where nobody answers has answered. */
        if (code != CURLE_OK && p->status >= 300 && p->status < 400)
                return PROBE_E_STATUS;
        if (code != CURLE_OK && !p->is_too_large) {
                if (!p->error[0])
                        (void) snprintf(p->error,
                                        sizeof(p->error),
                                        "%s",
                                        p->curl->easy_strerror(code));
                return PROBE_E_NO_ANSWER;
        }
        if (p->status != 200)
                return PROBE_E_STATUS;
        return !p->is_too_large && probe_body_is(p->body, p->length, key_authorization)
                               ? PROBE_RIGHT
                               : PROBE_E_OTHER;
}

int probe_ask(Probe *p,
              const char *address,
              unsigned port,
              const char *name,
              const char *token,
              const char *key_authorization,
              ProbeResult *ret)
{
        _cleanup_free_ char *url = NULL;
        struct curl_slist *routes;
        int r = 0;

        p->length = 0;
        p->is_ours = p->is_too_large = false;
        p->error[0] = '\0';
        /* RFC 8738 section 4: an address is asked for as itself. */
        if (asprintf(&url,
                     strchr(name, ':') ? "http://[%s]/.well-known/acme-challenge/%s"
                                       : "http://%s/.well-known/acme-challenge/%s",
                     name,
                     token) < 0) {
                url = NULL;
                return -ENOMEM;
        }
        routes = make_routes(p->curl, address, port);
        if (!routes)
                return -ENOMEM;
        if (p->curl->easy_setopt(p->handle, CURLOPT_URL, url) != CURLE_OK ||
            p->curl->easy_setopt(p->handle, CURLOPT_CONNECT_TO, routes) != CURLE_OK)
                r = -ELIBACC;
        else
                *ret = judge(p, p->curl->easy_perform(p->handle), key_authorization);
        /* Asked again, it is by a new connection: an old one may be kept by an old configuration.
         */
        (void) p->curl->easy_setopt(p->handle,
                                    CURLOPT_FRESH_CONNECT,
                                    r == 0 && *ret == PROBE_RIGHT ? 0L : 1L);
        (void) p->curl->easy_setopt(p->handle, CURLOPT_CONNECT_TO, NULL);
        p->curl->slist_free_all(routes);
        return r;
}
