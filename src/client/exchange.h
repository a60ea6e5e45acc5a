/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One request over HTTPS and its reply, while they are on their way: what http.c has many of. */

#include "client/curl-library.h"
#include "client/http.h"
#include "client/trust.h"

/* The header fields of ours that a request has beside libcurl's. */
typedef enum ExchangeHeaders {
        EXCHANGE_HEADERS_PLAIN, /* GET and HEAD */
        EXCHANGE_HEADERS_POST,
        EXCHANGE_HEADERS_CHAIN, /* of a POST that is to bring a certificate */
        EXCHANGE_HEADERS_MAX,
} ExchangeHeaders;

/* What all exchanges of one connection have in common. */
typedef struct ExchangeShared {
        const CurlLibrary *curl;
        Trust trust;
        struct curl_slist *headers[EXCHANGE_HEADERS_MAX];
} ExchangeShared;

typedef struct Exchange {
        const ExchangeShared *shared;
        CURL *handle;
        HttpMethod method;
        char *body;
        size_t body_length, body_sent;
        size_t reply_max, reply_allocated, header_bytes;
        bool has_length; /* Content-Length or Transfer-Encoding */
        bool is_too_large, is_out_of_memory;
        bool has_streams; /* the connection has (RFC 9113) */
        HttpReply reply;
        char error[CURL_ERROR_SIZE];
} Exchange;

/* shared is borrowed. request's body is taken, also on failure. Return: 0, -errno. */
int exchange_new(const ExchangeShared *shared, const HttpRequest *request, Exchange **ret);

/* The handle belongs to no multi handle any more. */
void exchange_free(Exchange *exchange);
DEFINE_CLEANUP(Exchange *, exchange_free);

/* The transfer has ended in this way: judges what has arrived, in exchange->reply.
 * Return: 0, -ENOMEM. */
int exchange_finish(Exchange *exchange, CURLcode code);
