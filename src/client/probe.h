/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The question of a CA, asked by ourselves: one GET of a token on this machine (RFC 8555
 * section 8.3). */

#include "base/macro.h"
#include "client/curl-library.h"

/* A token, a dot, a thumbprint (section 8.1); a page that says otherwise may be longer. */
#define PROBE_BODY_MAX 1024U

typedef enum ProbeResult {
        PROBE_RIGHT,
        PROBE_E_NO_ANSWER, /* Probe's error says why */
        PROBE_E_STATUS,    /* Probe's status is not 200 */
        PROBE_E_OTHER,     /* status 200 and another body */
} ProbeResult;

typedef struct Probe {
        const CurlLibrary *curl;
        CURL *handle;
        char body[PROBE_BODY_MAX];
        size_t length;
        bool is_ours; /* it was acmeward's web root that answered */
        bool is_too_large;
        long status;
        char error[CURL_ERROR_SIZE]; /* unescaped */
} Probe;

/* The probe is for many questions, over one connection where that is possible. Return: 0, -errno.
 */
int probe_init(Probe *probe);
void probe_done(Probe *probe);

/* address, port: where, the address in brackets when IPv6. name: whose token; token: public, and to
 * be answered with key_authorization. Return: 0, *ret is the result; -errno. */
int probe_ask(Probe *probe,
              const char *address,
              unsigned port,
              const char *name,
              const char *token,
              const char *key_authorization,
              ProbeResult *ret);

/* Is the body the key authorization? RFC 8555 section 8.3 has a CA ignore whitespace at its end. */
bool probe_body_is(const char *body, size_t length, const char *key_authorization);
