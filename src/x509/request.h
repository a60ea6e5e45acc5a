/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A certificate signing request (RFC 2986) that somebody else has made. Public data. */

#include <openssl/x509.h>

#include "base/strv.h"

/* A hundred names of the greatest length are 26 KiB; as a part of what a CA is sent it has to fit,
 * after two rounds of base64, into a frame of 128 KiB. */
#define REQUEST_BYTES_MAX (32U * 1024U)
#define REQUEST_FILE_BYTES_MAX (48U * 1024U) /* in PEM, and with a few lines around it */

typedef struct CertificateRequest {
        unsigned char *der;
        size_t length;
        EVP_PKEY *key; /* the public half */
        char **names;  /* as certificate_get_names(); the subject's common name is one of them */
        char *fingerprint; /* SHA-256 of the DER, lower-case hexadecimal */
} CertificateRequest;
void certificate_request_done(CertificateRequest *request);

/* Why a file is none that a certificate can be had for. */
typedef enum CertificateRequestReason {
        REQUEST_E_NOT_REQUEST = 1,
        REQUEST_E_TOO_LARGE,
        REQUEST_E_SIGNATURE,
        REQUEST_E_WEAK_KEY,
        REQUEST_E_NAMES,
        REQUEST_E_COMMON_NAME,
        REQUEST_REASON_MAX,
} CertificateRequestReason;

/* "it is not signed by its own key": continues a sentence about the file. */
const char *certificate_request_explain(CertificateRequestReason reason);

/* data: length bytes that nobody has checked, PEM or DER.
 * Return: 0; a CertificateRequestReason; -ENOMEM. */
int certificate_request_parse(const char *data, size_t length, CertificateRequest *ret);

/* Does it ask for its names, and for nothing else: nothing in the subject but a common name, and no
 * attribute or extension but subjectAltName? A CA may heed the rest (RFC 2986 section 4.1). */
bool certificate_request_is_plain(const CertificateRequest *request);
