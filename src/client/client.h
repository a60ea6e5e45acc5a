/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run of the client: everything that its steps share. Every step returns 0, CLIENT_E_FAILED
 * (failure says why), -errno for what should not happen, and what else it names. */

#include "acme/directory.h"
#include "client/check.h"
#include "client/failure.h"
#include "client/http.h"
#include "client/lease.h"
#include "client/nonce.h"
#include "client/patience.h"
#include "client/signer.h"
#include "config/config.h"

/* What the quick look has found for one key type. */
typedef struct KeyTypeTurn {
        CheckVerdict verdict;
        usec_t next_usec;
} KeyTypeTurn;

typedef struct Client {
        const char *name;
        Config *config;
        Failure failure;

        /* What nothing is done for: whose word it is does not matter. */
        CheckVerdict verdict;
        usec_t next_usec;      /* when it is due, or tried again */
        usec_t not_after_usec; /* of the live certificate; USEC_INFINITY: there is none */
        char *changed;         /* settings that it does not have yet, "Profile= Lifetime=" */

        KeyTypeTurn turns[CONFIG_KEY_TYPES_MAX]; /* of KeyType= */
        size_t turn;                             /* the one under way */

        Signer signer;
        Description *about; /* what the signer says of the certificate */
        Lease leases[CHALLENGE_TYPE_MAX];
        bool is_ruled_out[CHALLENGE_TYPE_MAX]; /* cannot work from here, as a look has shown */
        char **known;                          /* State.challenges, of earlier runs */
        char **proved;                         /* the same of this one */

        Http *http;
        Directory *directory;
        Nonces nonces;
        size_t nonces_under_way; /* requests to newNonce */
        Patience patience;
        usec_t asked_usec; /* monotonic: when the last requests were begun */

        size_t n_cas_left; /* CAs of which each has its share of the run; the one under way is one
                            */
        char *order;       /* URL of the one under way; NULL: none */

        bool is_misconfigured;     /* the configuration has said so, before anything was begun */
        bool has_account;          /* the signer knows its URL */
        bool has_registered_again; /* in this run: once is enough */
        bool is_authorized;        /* the order: what fails now is of its key, or its certificate */
        bool is_early_harmful;     /* an order that was finalized early has become invalid */
        bool is_proving;           /* where the CA looks it gets the right answer */
} Client;

/* Reads the configuration of NAME; is_run: which may be for a dry run. Return: 0; CLIENT_E_FAILED,
 * and c->is_misconfigured is set; -ENOMEM.
 */
int client_load_config(Client *client, const char *name, bool is_run);

/* The caller has made it zero before anything else. */
void client_done(Client *client);

/* A room behind a door may have to be started first: the connection to the CA does not wait for
 * that. Neither does who waits for the room's reply get to know of a failure here. */
void client_wait_for_room(Client *client, const VarlinkClient *room);

/* http_wait() that ends with the signer: without it nothing leads to a certificate any more, and
 * what is open for the CA must not stay open until that has answered. The signer must not owe us a
 * reply. Return: 0; -ETIMEDOUT; as every step. */
int client_wait_for_reply(Client *client, usec_t deadline_usec, HttpReply *ret);
