/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a caller may have, decided in one place. Each refusal is audited and answered here. */

#include "signer/signer-internal.h"

/* The call has been refused and answered. */
enum {
        POLICY_E_REFUSED = 1,
};

/* What one renewal can need at most, so that a fallen client cannot have us sign for ever. Every
 * authorization is fetched, answered, and looked at again while the client waits, at most a minute
 * in steps that grow; an order may have two for one name. Around them: the account, the order, its
 * certificate. Each request is tried five times when the CA rejects its nonce (RFC 8555
 * section 6.5). */
#define SIGNATURES_PER_AUTHORIZATION 24U
#define AUTHORIZATIONS_PER_IDENTIFIER 2U
#define SIGNATURES_PER_ORDER 64U
#define TRIES_PER_REQUEST 5U
#define SIGNATURE_BUDGET(n_identifiers)                                                            \
        (((n_identifiers) *AUTHORIZATIONS_PER_IDENTIFIER * SIGNATURES_PER_AUTHORIZATION +          \
          SIGNATURES_PER_ORDER) *                                                                  \
         TRIES_PER_REQUEST)

/* Authorizations that are taken back in one run. */
#define DEACTIVATION_BUDGET(n_identifiers)                                                         \
        ((n_identifiers) *AUTHORIZATIONS_PER_IDENTIFIER * TRIES_PER_REQUEST)

/* As many refusals of one run are audited; a caller that goes on is not worth the journal's room.
 */
#define REFUSALS_AUDITED_MAX 100U

/* Each: Return: 0 when it may go on; POLICY_E_REFUSED; -errno when the answer failed. */

/* Configuration and store are in order. */
int policy_admit(Signer *signer, VarlinkCall *call);

/* The URL has an origin of the CA's. */
int policy_admit_url(Signer *signer, VarlinkCall *call, const char *url);

/* Answers UrlRefused, and audits it. Return: POLICY_E_REFUSED; -errno. */
int policy_refuse_url(Signer *signer, VarlinkCall *call, const char *url, const char *message);

/* The account is one to sign for. */
int policy_admit_account(Signer *signer, VarlinkCall *call);

/* There is budget for one more signature. */
int policy_admit_signature(Signer *signer, VarlinkCall *call);

/* Answers with an error, "NoAccount", whose parameters are taken (NULL: none), and audits the
 * refusal. message: one sentence for people; url may be NULL.
 * Return: POLICY_E_REFUSED; -errno when the answer failed. */
int policy_refuse(Signer *signer,
                  VarlinkCall *call,
                  const char *error,
                  struct json_object *parameters,
                  const char *message,
                  const char *url);

/* Answers ConfigurationInvalid. Return as above. */
int policy_refuse_configuration(Signer *signer, VarlinkCall *call, const char *message);

/* Answers StoreFailed with "Failed to …: <strerror>", and logs it. Return as above. */
int policy_store_failed(Signer *signer, VarlinkCall *call, int error, const char *format, ...)
                _printf_(4, 5);

/* A call that did not reach its method: for VarlinkServerCallbacks. */
void policy_note_refusal(VarlinkConnection *connection,
                         const char *operation,
                         const char *reason,
                         void *userdata);
