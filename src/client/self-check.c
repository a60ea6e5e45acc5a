/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The self-check.
 *
 * A token of our own is fetched over the loopback from every socket that listens on the port: our
 * web root, or a server that was there before. Ours says so, and answers alike for every name;
 * another one may have a site for each name, and is asked for each. It is asked in the way of a CA
 * (RFC 8555 section 8.3): redirections are followed, but never off this machine. What it says is
 * compared and never shown. */

#include "client/self-check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <strings.h>

#include "base/file.h"
#include "base/log.h"
#include "client/curl-library.h"
#include "client/port-holder.h"
#include "client/progress.h"
#include "version.h"

/* A token, a dot, a thumbprint (section 8.1); a page that says otherwise may be longer. */
#define BODY_MAX 1024U

/* It is this machine that answers; the first reply has to wait for the web root's process. */
#define CONNECT_TIMEOUT_MS 3000L
#define TIMEOUT_MS 10000L

/* As many as public CAs follow. */
#define REDIRECTIONS_MAX 10L

#define SNIPPETS "/usr/share/doc/acmeward/webserver"
#define SNIPPET_BYTES_MAX 4096U

/* Where to ask. */
typedef struct Target {
        char address[INET6_ADDRSTRLEN + 2]; /* in brackets when IPv6 */
        const PortHolder *holder;           /* NULL: not known */
} Target;

typedef enum ProbeResult {
        PROBE_RIGHT,
        PROBE_E_NO_ANSWER,
        PROBE_E_STATUS,
        PROBE_E_OTHER, /* status 200 and another body */
} ProbeResult;

typedef struct Probe {
        const CurlLibrary *curl;
        CURL *handle;
        char body[BODY_MAX];
        size_t length;
        bool is_ours; /* "Server: acmeward" */
        bool is_too_large;
        long status;
        char error[CURL_ERROR_SIZE];
} Probe;

static void probe_done(Probe *p)
{
        if (p->handle)
                p->curl->easy_cleanup(p->handle);
}

bool self_check_body_is(const char *body, size_t length, const char *key_authorization)
{
        size_t n = strlen(key_authorization);

        if (length < n || memcmp(body, key_authorization, n) != 0)
                return false;
        for (size_t i = n; i < length; i++)
                if (!memchr(" \t\r\n", body[i], 4))
                        return false;
        return true;
}

const char *self_check_snippet(const char *unit)
{
        static const struct {
                const char *prefix, *snippet;
        } servers[] = {
                        {"nginx", "nginx"},
                        {"apache2", "apache"},
                        {"httpd", "apache"},
                        {"lighttpd", "lighttpd"},
                        {"haproxy", "haproxy"},
                        {"caddy", "caddy"},
        };

        if (unit)
                FOREACH_ARRAY (s, servers, ELEMENTSOF(servers))
                        if (startswith(unit, s->prefix))
                                return s->snippet;
        return NULL;
}

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

static int probe_init(Probe *p)
{
        *p = (Probe){.curl = curl_library()};
        if (!p->curl)
                return -ELIBACC;
        p->handle = p->curl->easy_init();
        if (!p->handle)
                return -ENOMEM;

        typeof(p->curl->easy_setopt) set = p->curl->easy_setopt;
        CURL *h = p->handle;

        if (set(h, CURLOPT_ERRORBUFFER, p->error) != CURLE_OK ||
            set(h, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
            set(h, CURLOPT_WRITEDATA, p) != CURLE_OK ||
            set(h, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK ||
            set(h, CURLOPT_HEADERDATA, p) != CURLE_OK ||
            set(h, CURLOPT_USERAGENT, "acmeward/" ACMEWARD_VERSION " (self-check)") != CURLE_OK ||
            set(h, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
            set(h, CURLOPT_PROXY, "") != CURLE_OK || /* not even by the environment */
            set(h, CURLOPT_PROTOCOLS_STR, "http") != CURLE_OK ||
            set(h, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") != CURLE_OK ||
            set(h, CURLOPT_FOLLOWLOCATION, 1L) != CURLE_OK ||
            set(h, CURLOPT_MAXREDIRS, REDIRECTIONS_MAX) != CURLE_OK ||
            /* A site behind a redirection may have no valid certificate yet, and section 8.3 does
             * not ask for one: what comes is compared with what we know, and public. */
            set(h, CURLOPT_SSL_VERIFYPEER, 0L) != CURLE_OK ||
            set(h, CURLOPT_SSL_VERIFYHOST, 0L) != CURLE_OK ||
            set(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) != CURLE_OK ||
            set(h, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) != CURLE_OK)
                return -ELIBACC;
        return 0;
}

/* Asks one target about one name. Return: 0, *ret is the result; -errno. */
static int probe_ask(Probe *p,
                     const Target *target,
                     uint16_t port,
                     const char *name,
                     const char *token,
                     const char *key_authorization,
                     ProbeResult *ret)
{
        _cleanup_free_ char *url = NULL, *first = NULL, *others = NULL;
        struct curl_slist *to = NULL, *grown;
        CURLcode code;
        int r = -ENOMEM;

        p->length = 0;
        p->is_ours = p->is_too_large = false;
        p->error[0] = '\0';
        /* The name is in the URL, as a CA has it; the connection goes to the target, whatever DNS
         * and a redirection say. */
        if (asprintf(&url, "http://%s/.well-known/acme-challenge/%s", name, token) < 0)
                url = NULL;
        if (asprintf(&first, ":80:%s:%u", target->address, port) < 0)
                first = NULL;
        if (asprintf(&others, "::%s:", target->address) < 0)
                others = NULL;
        if (!url || !first || !others)
                return -ENOMEM;
        to = p->curl->slist_append(NULL, first);
        grown = to ? p->curl->slist_append(to, others) : NULL;
        if (!grown)
                goto finish;

        r = -ELIBACC;
        if (p->curl->easy_setopt(p->handle, CURLOPT_URL, url) != CURLE_OK ||
            p->curl->easy_setopt(p->handle, CURLOPT_CONNECT_TO, to) != CURLE_OK)
                goto finish;
        code = p->curl->easy_perform(p->handle);
        (void) p->curl->easy_getinfo(p->handle, CURLINFO_RESPONSE_CODE, &p->status);
        if (code != CURLE_OK && !p->is_too_large)
                *ret = PROBE_E_NO_ANSWER;
        else if (p->status != 200)
                *ret = PROBE_E_STATUS;
        else
                *ret = !p->is_too_large && self_check_body_is(p->body, p->length, key_authorization)
                                       ? PROBE_RIGHT
                                       : PROBE_E_OTHER;
        r = 0;
finish:
        (void) p->curl->easy_setopt(p->handle, CURLOPT_CONNECT_TO, NULL);
        p->curl->slist_free_all(to);
        return r;
}

/* The lines that the web server's configuration needs, as the documentation has them. */
static void log_snippet(const char *snippet)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        size_t length;

        if (asprintf(&path, SNIPPETS "/%s.conf", snippet) < 0)
                return;
        if (file_read(AT_FDCWD, path, SNIPPET_BYTES_MAX, 0, &text, &length) < 0)
                return;
        log_error("Lines for the configuration of %s (from %s):", snippet, path);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                if (*line != '#')
                        log_error("    %s", line);
}

static int fail(Client *c,
                const Probe *p,
                ProbeResult result,
                const Target *target,
                uint16_t port,
                const char *name)
{
        _cleanup_free_ char *unit = NULL;
        const char *who, *snippet;
        char why[64];

        if (target->holder && port_holder_unit(target->holder, &unit) < 0)
                return -ENOMEM;
        who = unit ? unit : "another program";
        if (result == PROBE_E_NO_ANSWER)
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "Nothing answers on port %u of %s, where a CA would look for "
                                   "the token "
                                   "of %s (%s; the socket is of %s); see the journal of "
                                   "acme-webroot.service",
                                   port,
                                   target->address,
                                   name,
                                   p->error,
                                   who);
        if (p->is_ours)
                return failure_set(
                                &c->failure,
                                EXIT_TRY_AGAIN,
                                "The web root does not serve a token that was just published (HTTP "
                                "status %li); see the journal of acme-webroot.service",
                                p->status);

        (void) snprintf(why,
                        sizeof(why),
                        result == PROBE_E_STATUS ? "HTTP status %li" : "another page",
                        p->status);
        snippet = self_check_snippet(unit);
        if (snippet)
                log_snippet(snippet);
        return failure_set(&c->failure,
                           EXIT_CONFIGURATION,
                           "Port %u of %s is held by %s, which answers with %s where a CA would "
                           "look for "
                           "the token of %s; let it serve %s as /.well-known/acme-challenge/, with "
                           "the lines "
                           "of " SNIPPETS "/%s.conf, or free the port",
                           port,
                           target->address,
                           who,
                           why,
                           name,
                           c->config->webroot_directory,
                           snippet ? snippet : "{nginx,apache,lighttpd,haproxy,caddy}");
}

static int check_target(Client *c,
                        Probe *p,
                        const Target *target,
                        uint16_t port,
                        const char *token,
                        const char *key_authorization)
{
        STRV_FOREACH (name, c->about->identifiers) {
                ProbeResult result;
                int r;

                r = probe_ask(p, target, port, *name, token, key_authorization, &result);
                if (r < 0)
                        return r;
                if (result != PROBE_RIGHT)
                        return fail(c, p, result, target, port, *name);
                if (p->is_ours)
                        break;
        }
        return 0;
}

static void
add_target(Target *targets, size_t *n, int family, const void *address, const PortHolder *holder)
{
        char text[INET6_ADDRSTRLEN];
        Target *t = targets + *n;

        if (!inet_ntop(family, address, text, sizeof(text)))
                return;
        (void) snprintf(t->address, sizeof(t->address), family == AF_INET6 ? "[%s]" : "%s", text);
        for (size_t i = 0; i < *n; i++)
                if (streq(targets[i].address, t->address))
                        return;
        t->holder = holder;
        (*n)++;
}

/* Two for each holder at most: an IPv6 socket may serve IPv4 as well. */
#define TARGETS_MAX (2 * PORT_HOLDERS_MAX)

static size_t
find_targets(const PortHolder *holders, size_t n_holders, Target targets[static TARGETS_MAX])
{
        const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
        bool has_public = false;
        size_t n = 0;

        FOREACH_ARRAY (h, holders, n_holders)
                has_public = has_public || !port_holder_is_loopback(h);
        FOREACH_ARRAY (h, holders, n_holders) {
                /* Nobody comes from outside to one that listens on the loopback alone. */
                if (has_public && port_holder_is_loopback(h))
                        continue;
                if (!port_holder_is_wildcard(h)) {
                        add_target(targets, &n, h->family, &h->address, h);
                        continue;
                }
                if (h->family == AF_INET6)
                        add_target(targets, &n, AF_INET6, &in6addr_loopback, h);
                if (h->family == AF_INET || !h->is_v6_only)
                        add_target(targets, &n, AF_INET, &loopback, h);
        }
        return n;
}

static int
check_port(Client *c, Probe *p, uint16_t port, const char *token, const char *key_authorization)
{
        PortHolder holders[PORT_HOLDERS_MAX];
        Target targets[TARGETS_MAX];
        size_t n_holders = 0, n;
        int r;

        r = port_holders_find(port, holders, &n_holders);
        if (r < 0) {
                log_warning_errno(r,
                                  "The kernel does not tell who listens on port %u; asking at "
                                  "127.0.0.1",
                                  port);
                holders[0] = (PortHolder){.family = AF_INET};
                n_holders = 1;
        }
        n = find_targets(holders, n_holders, targets);
        if (n == 0)
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "Nothing listens on port %u, where a CA would look; see the "
                                   "journal of "
                                   "acme-listener.service",
                                   port);
        FOREACH_ARRAY (t, targets, n) {
                r = check_target(c, p, t, port, token, key_authorization);
                if (r != 0)
                        return r;
        }
        return 0;
}

int self_check(Client *c, const char *token, const char *key_authorization)
{
        _cleanup_(probe_done) Probe p = {};
        int r;

        progress("Checking that port 80 answers");
        r = probe_init(&p);
        if (r < 0)
                return r;
        for (size_t i = 0; i < c->config->n_listen; i++) {
                uint16_t port = listen_address_port(c->config->listen + i);
                bool is_known = false;

                for (size_t j = 0; j < i; j++)
                        is_known = is_known || listen_address_port(c->config->listen + j) == port;
                if (is_known)
                        continue;
                r = check_port(c, &p, port, token, key_authorization);
                if (r != 0)
                        return r;
        }
        return 0;
}
