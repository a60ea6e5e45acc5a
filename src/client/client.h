/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run of the client: everything that its steps share. Every step returns 0, CLIENT_E_FAILED
 * (failure says why), -errno for what should not happen, and what else it names. */

#include "acme/directory.h"
#include "client/failure.h"
#include "client/http.h"
#include "client/lease.h"
#include "client/nonce.h"
#include "client/patience.h"
#include "client/signer.h"
#include "config/config.h"

typedef struct Client {
        const char *name;
        Config *config;
        Failure failure;

        Signer signer;
        Description *about; /* what the signer says of the certificate */
        Lease lease;

        Http *http;
        Directory *directory;
        Nonces nonces;
        size_t nonces_under_way; /* requests to newNonce */
        Patience patience;
        usec_t asked_usec; /* monotonic: when the last requests were begun */

        bool is_misconfigured;     /* the configuration has said so, before anything was begun */
        bool has_account;          /* the signer knows its URL */
        bool has_registered_again; /* in this run: once is enough */
} Client;
