/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signer behind its door, as the client calls it: varlink/io.acmeward.Signer.varlink. Every
 * function returns 0, CLIENT_E_FAILED (the signer refused or is gone: the reason is set), or
 * -errno, and what else it names. */

#include "client/description.h"
#include "client/failure.h"
#include "varlink/varlink-client.h"

#define SIGNER_DOOR "/run/acme/door/signer"

typedef struct Signer {
        VarlinkClient *client;
        bool is_waiting;  /* for the reply to a first half */
        Failure *failure; /* borrowed */
} Signer;

int signer_connect(Signer *signer, Failure *failure);
void signer_done(Signer *signer);

/* In two halves: PID 1 starts the signer meanwhile. */
int signer_describe_send(Signer *signer);
int signer_describe_receive(Signer *signer, Description **ret);

/* Composes a request: method is NewAccount, NewOrder, Fetch, AnswerChallenge or Finalize. In two
 * halves as well: the signer signs while the network is at work. ret: the body of the POST, owned.
 * Return: CLIENT_E_NO_ACCOUNT as well: the account's URL is not known (any more). */
int signer_sign_send(Signer *signer, const char *method, const char *url, const char *nonce);
int signer_sign_receive(Signer *signer, char **ret);

int signer_set_account(Signer *signer, const char *url);
int signer_forget_account(Signer *signer);
int signer_set_order(Signer *signer, const char *url);
int signer_forget_order(Signer *signer);

/* Return: CLIENT_E_CHAIN_REFUSED as well, with the signer's words in *ret_reason, owned. */
int signer_install(Signer *signer,
                   const char *chain,
                   usec_t *ret_not_after_usec,
                   char **ret_reason);

/* The signer's own failure is logged and forgotten: there is a more important one.
 * ret_next_attempt_usec: USEC_INFINITY when it is not known. */
void signer_report_failure(Signer *signer, const Failure *failure, usec_t *ret_next_attempt_usec);
