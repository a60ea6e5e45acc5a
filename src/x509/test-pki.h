/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Certificates made for tests: right in every respect but the one that a test is about. */

#include <openssl/x509.h>

#include "base/time-util.h"

/* The tests' now. */
#define PKI_NOW_USEC ((usec_t) 1800000000 * USEC_PER_SEC)

/* What NULL and 0 stand for is said at each member; extensions are written as in openssl.cnf, and
 * "" leaves one out. */
typedef struct PkiSpec {
        const char *cn; /* NULL: an empty subject */
        EVP_PKEY *key;  /* whose certificate it is */
        X509 *issuer;   /* NULL: self-signed */
        EVP_PKEY *issuer_key;
        const char *digest; /* NULL: SHA256 */
        const char *names, *constraints, *usage, *extended_usage, *name_constraints;
        const char *unknown_critical; /* an OID */
        bool names_twice;
        long version;                  /* 0: X509_VERSION_3; -1: X509_VERSION_1 */
        size_t serial_bytes;           /* 0: 8 */
        int64_t not_before, not_after; /* seconds from now; both 0: -1 day and +89 days */
} PkiSpec;

EVP_PKEY *pki_key(const char *type); /* "P-256", "P-384", "P-224", "RSA-1024", "ED25519" */
X509 *pki_certify(const PkiSpec *spec);

/* Leaf, intermediate and root for these names ("DNS:a.example,DNS:b.example"). */
typedef struct Pki {
        EVP_PKEY *leaf_key, *ca_key, *root_key, *other_key;
        X509 *leaf, *ca, *root;
} Pki;

/* adjust(), which may be NULL, changes the three specifications before they are used. An issuer_key
 * in the leaf's, which is taken, signs it in the place of the intermediate's. */
typedef struct PkiSpecs {
        PkiSpec leaf, ca, root;
} PkiSpecs;
void pki_make(Pki *pki, const char *names, void (*adjust)(PkiSpecs *specs));
void pki_done(Pki *pki);

/* Certificates as PEM, up to a NULL. */
char *pki_pem(X509 *first, ...) _sentinel_;
