/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why a certificate is revoked: CRLReason of RFC 5280 section 5.3.1, which RFC 8555 section 7.6
 * sends as a number. Which of them a CA takes is for the CA to say (badRevocationReason). */

typedef enum RevocationReason {
        REVOCATION_UNSTATED = -1, /* none is given */
        REVOCATION_UNSPECIFIED = 0,
        REVOCATION_KEY_COMPROMISE = 1,
        REVOCATION_CA_COMPROMISE = 2,
        REVOCATION_AFFILIATION_CHANGED = 3,
        REVOCATION_SUPERSEDED = 4,
        REVOCATION_CESSATION_OF_OPERATION = 5,
        REVOCATION_CERTIFICATE_HOLD = 6,
        /* 7 is not assigned. */
        REVOCATION_REMOVE_FROM_CRL = 8,
        REVOCATION_PRIVILEGE_WITHDRAWN = 9,
        REVOCATION_AA_COMPROMISE = 10,
        REVOCATION_REASON_MAX,
} RevocationReason;

/* "keyCompromise", as RFC 5280 spells it; NULL for REVOCATION_UNSTATED and for what is none. */
const char *revocation_reason_to_string(RevocationReason reason);

/* REVOCATION_UNSTATED for a word that is none. */
RevocationReason revocation_reason_from_string(const char *s);
