/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Is it time to renew? One rule, for the client's quick look at the state file and for the signer's
 * verdict after it has looked at the store. */

#include "config/config.h"
#include "state/state.h"

/* With less than this share of the lifetime left: one third, and one half when the whole lifetime
 * is below ten days. */
#define DUE_SHORT_LIFETIME_USEC (10 * USEC_PER_DAY)

/* The quick look trusts a state file whose store was checked within this time. */
#define DUE_CHECK_INTERVAL_USEC USEC_PER_DAY

typedef enum DueReason {
        DUE_NOT,
        DUE_FIRST, /* no certificate, or a placeholder */
        DUE_EXPIRING,
        DUE_IDENTIFIERS,  /* the configuration has changed since: other names, */
        DUE_KEY_TYPE,     /* another key type, */
        DUE_CA,           /* other CAs, without the one that has issued it */
        DUE_KEY_MISMATCH, /* the live key is not the live certificate's; found by the signer alone
                           */
        DUE_REQUESTED,    /* an administrator has asked, */
        DUE_RENEWAL_INFO, /* or the CA has: RFC 9773 */
        DUE_REVOKED,      /* the CA was asked to revoke it, and has not refused */
        DUE_KEY,          /* somebody else is to keep its key than has it, or by another request */
        DUE_KEY_RETIRED,  /* its key is known to others; found by the signer alone */
        DUE_REASON_MAX,
} DueReason;

/* "expiring", "keyType": as in io.acmeward.Signer. NULL for DUE_NOT. */
const char *due_reason_to_string(DueReason reason);
DueReason due_reason_from_string(const char *s); /* DUE_NOT for a word that we do not know */

/* A CA that has every certificate replaced at once is listened to once a day. */
#define DUE_RENEWAL_INFO_INTERVAL_USEC USEC_PER_DAY

/* When a certificate with this validity becomes due by its age. */
usec_t due_renew_at(usec_t not_before_usec, usec_t not_after_usec);

/* When it becomes due by its age, or earlier because its CA says so; never later. */
usec_t due_moment(const StateCertificate *certificate);

/* Is it time to ask the CA that the certificate is from, which has to be configured still, when to
 * renew? A moment that lies further ahead than the longest span is of a clock that went wrong. */
bool due_is_to_be_asked(const StateCertificate *certificate, const Config *config, usec_t now_usec);

/* requested_usec: modification time of the administrator's request, 0 without one; one that is
 * older than the live certificate has been fulfilled. */
DueReason due_evaluate(const StateCertificate *certificate,
                       const Config *config,
                       usec_t requested_usec,
                       usec_t now_usec);

/* When the timer may try again after the count-th failure in a row: 1, 10, 100 minutes, then daily,
 * and never longer than a tenth of the lifetime of the certificate that is live, but five seconds
 * at least; later when the CA asked for it (retry_after_usec is a span, 0 without one, and is
 * clamped to a week). */
usec_t retry_next_attempt(const StateCertificate *live,
                          unsigned count,
                          usec_t retry_after_usec,
                          usec_t now_usec);

/* A digest, in hexadecimal, of the settings that decide whether an attempt can succeed
 * (identifiers, CA, terms, contact, key types). Return: 0, -ENOMEM. */
int due_settings_fingerprint(const Config *config, char **ret);

/* DIR/NAME: a file there, made by root, asks for a renewal at once. */
#define RENEWAL_REQUEST_DIRECTORY "/run/acme/request"
