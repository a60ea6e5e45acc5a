/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What there is to say about one certificate. */

#include <openssl/x509.h>

#include "base/strv.h"
#include "base/time-util.h"

/* RFC 5280 section 4.1.2.2. */
#define CERTIFICATE_SERIAL_BYTES_MAX 20U

typedef struct CertificateSummary {
        char *serial;      /* lower-case hexadecimal */
        char *fingerprint; /* SHA-256 of the DER, lower-case hexadecimal */
        char *issuer;      /* the issuer's common name, or its whole name; escaped */
        usec_t not_before_usec;
        usec_t not_after_usec;
        char **identifiers; /* as certificate_get_names() */
} CertificateSummary;
void certificate_summary_done(CertificateSummary *summary);

/* Return: 0; -EBADMSG when a part of it is beyond what RFC 5280 allows; -ENOMEM. */
int certificate_summarize(X509 *certificate, CertificateSummary *ret);

/* The DNS names of the subjectAltName in lower case, each once, sorted.
 * Return: 0; -EBADMSG when there is no such extension, or it has a name of another kind, or a name
 * that is none; -ENOMEM. */
int certificate_get_names(X509 *certificate, char ***ret);

/* A moment of a certificate's; what is before 1970 is 0. Return: 0, -EBADMSG. */
int certificate_get_time(const ASN1_TIME *time, usec_t *ret);
