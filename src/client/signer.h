/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signer behind its door, as the client calls it: varlink/io.acmeward.Signer.varlink. Every
 * function returns 0, CLIENT_E_FAILED (the signer refused or is gone: the reason is set), or
 * -errno, and what else it names. */

#include "acme/challenge-type.h"
#include "acme/renewal-info.h"
#include "client/description.h"
#include "client/failure.h"
#include "client/room-error.h"
#include "varlink/varlink-client.h"

#define SIGNER_DOOR "/run/acme/door/signer"

typedef struct Signer {
        VarlinkClient *client;
        bool is_waiting;  /* for the reply to a first half */
        Failure *failure; /* borrowed */
        const RoomErrors *errors;
} Signer;

/* Of the signer of a certificate. */
extern const RoomErrors signer_errors;

int signer_connect(Signer *signer, Failure *failure);
int signer_connect_account(Signer *signer, Failure *failure);
void signer_done(Signer *signer);

/* Readable when the signer is gone, while it owes no reply; borrowed; negative without one. */
int signer_fd(const Signer *signer);

/* Says so. error: how that was noticed, -errno. Return: CLIENT_E_FAILED; -ENOMEM. */
int signer_fail_gone(Signer *signer, int error);

/* In two halves: PID 1 starts the signer meanwhile. */
int signer_describe_send(Signer *signer);
int signer_describe_receive(Signer *signer, Description **ret);

/* The same of what root wants revoked, in one go, and what the CA has said to it. */
int signer_describe_revocation(Signer *signer, Description **ret);
int signer_set_revocation(Signer *signer, bool is_revoked);

/* Composes a request: method is NewAccount, NewOrder, Fetch, AnswerChallenge, Finalize or Revoke.
 * In two halves as well: the signer signs while the network is at work. ret: the body of the POST,
 * owned. Return: CLIENT_E_NO_ACCOUNT as well: the account's URL is not known (any more). */
typedef struct SignerRequest {
        const char *method, *url, *nonce;
        /* Of NewOrder. */
        bool replaces;       /* the live certificate (RFC 9773 section 5) */
        const char *profile; /* NULL: the CA's choice */
} SignerRequest;
int signer_sign_send(Signer *signer, const SignerRequest *request);
int signer_sign_receive(Signer *signer, char **ret);

int signer_set_account(Signer *signer, const char *url);
int signer_forget_account(Signer *signer);
int signer_set_order(Signer *signer, const char *url);
int signer_forget_order(Signer *signer);

/* Passes over this CA, by its name, for the reason. Return: 0, and in *ret_is_next whether another
 * one is under way now, which the signer describes. */
int signer_next_authority(Signer *signer,
                          const char *ca,
                          const Failure *failure,
                          bool *ret_is_next);

/* Turns to the next key type. Return: 0, and in *ret_is_next whether there is one, which the signer
 * describes from now on. */
int signer_next_key_type(Signer *signer, bool *ret_is_next);

/* Any other call: parameters are taken; NULL stands for "none". ret: a reply, for
 * varlink_reply_done(). */
int signer_call(Signer *signer,
                const char *method,
                struct json_object *parameters,
                VarlinkReply *ret);

/* By which type of challenge an identifier is to be proved next. */
int signer_set_challenge(Signer *signer, const char *identifier, ChallengeType type);

/* info: NULL when the CA did not tell; retry_after_usec: 0: it did not tell that. ret_is_due,
 * ret_renew_at_usec (USEC_INFINITY: not known): what the signer makes of it. */
int signer_set_renewal_info(Signer *signer,
                            const RenewalInfo *info,
                            usec_t retry_after_usec,
                            bool *ret_is_due,
                            usec_t *ret_renew_at_usec);

/* Return: CLIENT_E_CHAIN_REFUSED as well, with the signer's words in *ret_reason, owned. */
int signer_install(Signer *signer,
                   const char *chain,
                   usec_t *ret_not_after_usec,
                   char **ret_reason);

/* How well does the chain fit PreferredChain=? ret: as ChainPreference, the more the better.
 * Return: as signer_install(). */
#define SIGNER_CHAIN_PREFERRED 2
int signer_weigh_chain(Signer *signer, const char *chain, int *ret, char **ret_reason);

/* The signer's own failure is logged and forgotten: there is a more important one.
 * ret_next_attempt_usec: USEC_INFINITY when it is not known. */
void signer_report_failure(Signer *signer, const Failure *failure, usec_t *ret_next_attempt_usec);
