/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* /run/acme/revoke/NAME: what root wants revoked. acmectl writes it, the signer of NAME reads it;
 * the client that talks to the CA sees neither the file nor a choice. No I/O here. */

#include "acme/revocation-reason.h"
#include "base/macro.h"

#define REVOCATION_REQUEST_DIRECTORY "/run/acme/revoke"

/* The same, of what is to be revoked once others are in use: what acmectl replace has begun, a line
 * for each certificate. It outlives a power cut, and the signer heeds it when it says
 * keyCompromise.
 */
#define REPLACEMENT_DIRECTORY "/var/lib/acme/replace"

/* A chain of 96 KiB, and what JSON makes of its line ends. */
#define REVOCATION_REQUEST_BYTES_MAX (128U * 1024U)

typedef struct RevocationRequest {
        /* One of these: a generation of NAME's store that is kept, the serial number of one (in
         * lower-case hexadecimal), or a certificate in PEM, which may be followed by its chain. */
        char *generation;
        char *serial;
        char *certificate;

        RevocationReason reason;
        bool by_certificate_key; /* signed with the certificate's key instead of the account's */
} RevocationRequest;
void revocation_request_done(RevocationRequest *request);

/* Return: 0; -EBADMSG, *ret_field then names the member that is wrong, or is "" when it is no
 * object or does not say which certificate, or says so twice; -ENOMEM. */
int revocation_request_parse(const char *text,
                             size_t length,
                             RevocationRequest *ret,
                             const char **ret_field);

/* Return: 0, -ENOMEM. */
int revocation_request_format(const RevocationRequest *request, char **ret);

/* One certificate for each of two types in KeyType=. */
#define REPLACED_MAX 2U
#define REPLACEMENT_BYTES_MAX (REPLACED_MAX * (REVOCATION_REQUEST_BYTES_MAX + 1U))

/* What root replaces: each line names a certificate in PEM. ret: of REPLACED_MAX, for
 * revocation_request_done(). Return: 0; -EBADMSG when a line is no request, names no certificate
 * but what might be one, or is one too many; -ENOMEM. */
int replacement_parse(const char *text, size_t length, RevocationRequest ret[], size_t *ret_n);

/* Return: 0, -ENOMEM. */
int replacement_format(const RevocationRequest requests[], size_t n, char **ret);

/* "0A:1b:…" as people and other programs write it, made what is compared: lower-case hexadecimal
 * without leading zeros. Return: 0; -EINVAL when it is no serial number; -ENOMEM. */
int serial_normalize(const char *s, char **ret);
