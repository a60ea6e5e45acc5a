/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One place to look at, and what came of it. */

#include <sys/socket.h>

#include "config/deploy-target.h"
#include "verify/reason.h"

/* Of one certificate, those that were found by themselves included. */
#define ENDPOINTS_MAX 128U

/* One look. */
typedef struct Finding {
        VerifyReason reason;
        int error;          /* of VERIFY_E_NO_CONNECTION, as errno; of VERIFY_E_UNKNOWN_HOST, of
                               getaddrinfo() */
        const char *detail; /* a constant of libssl, may be NULL */
        char *serial;       /* of VERIFY_E_OTHER_CERTIFICATE; NULL: not readable */
        struct sockaddr_storage peer; /* who answered; AF_UNSPEC: nobody */
        bool is_local;                /* peer is this machine */
        bool is_second;  /* of two certificates that are live, it is about the second */
        bool has_second; /* and that one is served, too */
} Finding;
void finding_done(Finding *finding);

typedef struct Endpoint {
        const char *target; /* the label of its section; NULL: a unit of Consumers= */
        char *unit;         /* whose it is; NULL: not known */
        char *host;         /* a name or an address, without brackets */
        uint16_t port;
        StartTls starttls;
        char *sni;
        char *text;       /* as ACME_ENDPOINT= and people see it */
        unsigned n_looks; /* how often it was looked at */
        Finding finding;  /* the last of them */
} Endpoint;
void endpoint_done(Endpoint *endpoint);
