/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The key of a certificate whose key is not ours: somebody else has made it, and a signing request,
 * CSR=; or it is in a token, Key=. The store never has it. */

#include "config/config.h"
#include "signer/token-key.h"
#include "varlink/varlink-server.h"
#include "x509/request.h"

typedef struct Signer Signer;

typedef struct ForeignKey {
        char *source;  /* as StateCertificate.key_source; NULL: the key is ours */
        EVP_PKEY *key; /* of a request the public half; of a token what signs, NULL until it is used
                        */
        TokenReason reason; /* why that cannot be had; 0 */
        CertificateRequest request;
} ForeignKey;
void foreign_key_done(ForeignKey *foreign);

/* Reads what the configuration names, and the identifiers with it where they are left to it.
 * Return: 0, also where there is none; CONFIG_E_INVALID, *ret_message says why then, whole, to be
 * freed; -errno. */
int foreign_key_load(ForeignKey *foreign, Config *config, const char *root, char **ret_message);

/* The key; borrowed. Return: 0; -ENOKEY when the token does not give it; -ENOMEM. */
int foreign_key_get(ForeignKey *foreign, const Config *config, EVP_PKEY **ret);

/* What a live certificate has that nobody remembers: source when it is for that key and has none
 * beside it; NULL. */
const char *foreign_key_source(Signer *signer, EVP_PKEY *live_key, EVP_PKEY *leaf_key);

/* May a certificate be had for it? Return: 0, also when the key is ours; POLICY_E_REFUSED when the
 * call has been answered; -errno. */
int foreign_key_admit(Signer *signer, VarlinkCall *call);
