/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A certificate chain as a CA hands it out (RFC 8555 section 9.1): read strictly, checked wholly,
 * and written anew. Public data only.
 *
 *     r = chain_parse(pem, length, &chain);
 *     if (r == 0)
 *             r = chain_verify(chain, key, identifiers, now_usec, &at);
 *     if (r > 0)
 *             chain_explain(r, at, &message);
 */

#include <openssl/x509.h>

#include "base/strv.h"
#include "base/time-util.h"

/* Today's chains have 4 to 8 KiB; with ML-DSA a certificate has some 10 KiB. */
#define CHAIN_BYTES_MAX (96U * 1024U)
#define CHAIN_CERTIFICATES_MAX 10U

/* The clock of the CA may be ahead of ours by this much. */
#define CHAIN_AHEAD_MAX_USEC USEC_PER_HOUR

/* Positive outcomes. */
typedef enum ChainReason {
        CHAIN_OK,
#define CHAIN_REASON(name, word, sentence) CHAIN_E_##name,
#include "x509/chain-reasons.h"
#undef CHAIN_REASON
        CHAIN_REASON_MAX,
} ChainReason;

/* "otherKey"; NULL for CHAIN_OK. */
const char *chain_reason_to_string(ChainReason reason);

/* "Certificate 2 of the chain has expired". at: from 0, as chain_verify() told.
 * Return: 0, -ENOMEM. */
int chain_explain(ChainReason reason, size_t at, char **ret);

typedef struct Chain Chain;
void chain_free(Chain *chain);
DEFINE_CLEANUP(Chain *, chain_free);

/* pem: length bytes that nobody has checked: CERTIFICATE blocks with LF or CRLF and blank lines
 * between lines, and nothing else: no text, no other kind of block. Each is one whole DER
 * certificate. ret_at: the certificate that is to blame. Return: 0; a ChainReason; -ENOMEM. */
int chain_parse(const char *pem, size_t length, Chain **ret, size_t *ret_at);

/* Is this a chain for that key and exactly these names, and good for a TLS server now? identifiers:
 * lower case, each once, sorted. No root of trust is asked: a CA may be private; that each
 * certificate is signed by the next is. key: the public half is used.
 * Spec: RFC 5280 sections 4.1, 4.2 and 6.1; RFC 9525 section 6.3 (names from subjectAltName alone).
 * Return: 0; a ChainReason, *ret_at is the certificate to blame then; -ENOMEM. */
int chain_verify(const Chain *chain,
                 EVP_PKEY *key,
                 char *const *identifiers,
                 usec_t now_usec,
                 size_t *ret_at);

size_t chain_length(const Chain *chain);
X509 *chain_get(const Chain *chain, size_t i); /* borrowed */

/* How well a chain fits what its user would like. */
typedef enum ChainPreference {
        CHAIN_OTHER,      /* not at all */
        CHAIN_HAS_ISSUER, /* one of its certificates, but not the last, is issued by that name */
        CHAIN_PREFERRED,  /* the last one is; or it has the certificate of that fingerprint */
} ChainPreference;

/* wanted: a SHA-256 in lower-case hexadecimal, or the common name of an issuer, whose letters of
 * ASCII have no case. Which root a chain is to lead to shows in its last certificate; what is in
 * between may be in several.
 * Spec: RFC 8555 section 7.4.2. Return: 0, -ENOMEM. */
int chain_get_preference(const Chain *chain, const char *wanted, ChainPreference *ret);

/* The certificates from first to the last but end, as PEM in one spelling (RFC 7468).
 * Return: 0, -ENOMEM. */
int chain_format(const Chain *chain, size_t first, size_t end, char **ret);
