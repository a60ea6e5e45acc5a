/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* HTTPS with a CA: one connection for all requests, as many of them under way as the protocol
 * allows (RFC 9113 when offered). Every reply is bounded, framed and complete, or it is none. */

#include "base/strv.h"
#include "base/time-util.h"

/* No JSON object of RFC 8555 comes near it: an order with 100 names and authorizations has 20 KiB.
 */
#define HTTP_JSON_MAX (64U * 1024U)

/* Ten certificates, the largest kinds in use. */
#define HTTP_CHAIN_MAX (96U * 1024U)

/* All header fields of one reply. */
#define HTTP_HEADERS_MAX (32U * 1024U)

#define HTTP_CONNECT_TIMEOUT_USEC (10 * USEC_PER_SEC)
#define HTTP_REQUEST_TIMEOUT_USEC (30 * USEC_PER_SEC)

/* As many other chains for a certificate are looked at (RFC 8555 section 7.4.2). */
#define HTTP_ALTERNATES_MAX 4U

/* Requests under way at once, over a connection that has streams. */
#define HTTP_STREAMS_MAX 32U

typedef enum HttpMethod {
        HTTP_GET,
        HTTP_HEAD,
        HTTP_POST,
} HttpMethod;

typedef struct HttpRequest {
        HttpMethod method;
        const char *url;  /* borrowed until http_start() returns */
        char *body;       /* HTTP_POST: application/jose+json; taken */
        bool wants_chain; /* asks for application/pem-certificate-chain (RFC 8555 section 7.4.2) */
        void *userdata;   /* comes back with the reply */
} HttpRequest;

typedef enum HttpResult {
        HTTP_DONE,          /* there is a reply, of whatever status */
        HTTP_E_UNREACHABLE, /* no connection, so that the CA has not seen the request */
        HTTP_E_UNTRUSTED,   /* the server's certificate, or its TLS, is not acceptable */
        HTTP_E_TIMEOUT,
        HTTP_E_LOST, /* the connection broke, or the reply was not whole: nobody knows what the CA
                        did */
        HTTP_E_REFUSED, /* the reply is too large, or not HTTP as it should be */
} HttpResult;

typedef struct HttpReply {
        HttpResult result;
        char *error; /* why, fit to be shown; NULL when done */
        void *userdata;

        unsigned status;
        char *body; /* with a NUL behind it; never NULL when done */
        size_t body_length;

        /* Header fields as they came, unchecked; NULL: absent, or there twice. */
        char *replay_nonce;
        char *location;
        char *retry_after;
        char *date;
        char *terms_of_service; /* the target of a Link with that relation */
        char **alternates;      /* the targets of Links with this one; NULL: none */
} HttpReply;
void http_reply_done(HttpReply *reply);
#define _cleanup_http_reply_ _cleanup_(http_reply_done)

typedef struct Http Http;

/* trust: a file with certificates that are trusted beside the system's, NULL for none.
 * Return: 0; -errno (of the trust file, too). */
int http_new(const char *trust, Http **ret);
void http_free(Http *http);
DEFINE_CLEANUP(Http *, http_free);

/* Puts the request on its way as far as that needs no waiting. Its url is the caller's to check.
 * Return: 0, -errno. */
int http_start(Http *http, const HttpRequest *request);

/* Does what can be done without waiting. Return: 0, -errno. */
int http_pump(Http *http);

/* Goes on with all requests until somebody else's file descriptor has something to read; what has
 * come for the requests meanwhile is http_wait()'s.
 * Return: 0; -ETIMEDOUT at the monotonic deadline; -errno. */
int http_wait_for_fd(Http *http, int fd, usec_t deadline_usec);

/* Waits for a reply to any request, until the monotonic deadline; one in the past looks only.
 * fd: somebody else's, from which nothing is expected; negative: none.
 * Return: 0; -ETIMEDOUT; -EINTR when there is something to read from fd, or its other end has gone;
 * -errno. */
int http_wait(Http *http, int fd, usec_t deadline_usec, HttpReply *ret);

/* How many requests are under way, and how many may be: more than one once a reply has shown that
 * the connection has streams. */
size_t http_under_way(const Http *http);
size_t http_streams(const Http *http);
