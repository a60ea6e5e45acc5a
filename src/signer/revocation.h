/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is to be revoked (RFC 8555 section 7.6): root says so in /run/acme/revoke/NAME, which no
 * client sees, and the store has the certificate and, if that is to sign, its key. */

#include <openssl/x509.h>

#include "base/time-util.h"
#include "state/revocation-request.h"

typedef struct Signer Signer;

typedef struct Revocation {
        X509 *certificate; /* NULL: nothing was asked for */
        EVP_PKEY *key;     /* that signs; NULL: the account's */
        RevocationReason reason;
        char *serial;
        char *fingerprint;
        char *directory; /* of the CA that has issued it; NULL: nobody has kept that */
        usec_t not_after_usec;
        bool is_live;
        bool is_other; /* and with the key type that is not under way */
} Revocation;
void revocation_done(Revocation *revocation);

/* Positive outcomes. */
typedef enum RevocationRefusal {
        REVOCATION_OK,
#define REVOCATION_REFUSAL(name, word, sentence) REVOCATION_E_##name,
#include "signer/revocation-refusals.h"
#undef REVOCATION_REFUSAL
        REVOCATION_REFUSAL_MAX,
} RevocationRefusal;

/* "notRequested", and the sentence. */
const char *revocation_refusal_to_string(RevocationRefusal refusal);
const char *revocation_refusal_explain(RevocationRefusal refusal);

/* What root replaces, as replacement_parse() has it. Return: as revocation_find(). */
int revocation_read_replacement(const Signer *signer, RevocationRequest ret[], size_t *ret_n);

/* The certificate that a request means; *ret is a reference. Return: as revocation_find(). */
int revocation_find_certificate(const Signer *signer, const RevocationRequest *request, X509 **ret);

/* Reads the request, each time anew. Return: 0; a RevocationRefusal; -errno. */
int revocation_find(Signer *signer, Revocation *ret);
