/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What there is to say about one certificate. */

#include <openssl/x509.h>
#include <openssl/x509v3.h>

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

/* The common name of who issued it, or else the whole name; escaped. Return: 0, -ENOMEM. */
int certificate_get_issuer(X509 *certificate, char **ret);

/* The first two of them alone, of a certificate that may be anybody's.
 * Return: 0; -EBADMSG of a serial number that RFC 5280 does not allow; -ENOMEM. */
int certificate_get_serial(X509 *certificate, char **ret);
int certificate_get_fingerprint(X509 *certificate, char **ret);

/* How a CA's renewal information is asked for this certificate (RFC 9773 section 4.1).
 * Return: 0; -ENOENT when it has no authority key identifier, and so no such name; -EBADMSG of one
 * that is longer than any digest, or of a serial number as above; -ENOMEM. */
int certificate_get_renewal_id(X509 *certificate, char **ret);

/* The DNS names of the subjectAltName in lower case, and its IP addresses in the spelling of
 * RFC 5952, each once, sorted.
 * Return: 0; -EBADMSG when there is no such extension, or it has a name of another kind, or a name
 * that is none; -ENOMEM. */
int certificate_get_names(X509 *certificate, char ***ret);

/* The same of a list of such names, from wherever. */
int certificate_collect_names(const GENERAL_NAMES *names, char ***ret);

/* Lower-case hexadecimal. Return: a new string, NULL without memory. */
char *certificate_format_hex(const unsigned char *data, size_t length);

/* What browsers and CAs take: RSA of 2048 bits and more, EC of 256, and of other kinds what is as
 * strong. */
bool certificate_key_is_strong(EVP_PKEY *key);

/* A certificate of nobody's, which the signer makes so that a server has one to start with: issued
 * to itself, with nothing but this common name. Its signature is not looked at. */
#define PLACEHOLDER_COMMON_NAME "acmeward placeholder"
bool certificate_is_placeholder(X509 *certificate);

/* A moment of a certificate's; what is before 1970 is 0. Return: 0, -EBADMSG. */
int certificate_get_time(const ASN1_TIME *time, usec_t *ret);
