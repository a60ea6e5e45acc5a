/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/revocation-reason.h"

#include "base/macro.h"

static const char *const words[REVOCATION_REASON_MAX] = {
                [REVOCATION_UNSPECIFIED] = "unspecified",
                [REVOCATION_KEY_COMPROMISE] = "keyCompromise",
                [REVOCATION_CA_COMPROMISE] = "cACompromise",
                [REVOCATION_AFFILIATION_CHANGED] = "affiliationChanged",
                [REVOCATION_SUPERSEDED] = "superseded",
                [REVOCATION_CESSATION_OF_OPERATION] = "cessationOfOperation",
                [REVOCATION_CERTIFICATE_HOLD] = "certificateHold",
                [REVOCATION_REMOVE_FROM_CRL] = "removeFromCRL",
                [REVOCATION_PRIVILEGE_WITHDRAWN] = "privilegeWithdrawn",
                [REVOCATION_AA_COMPROMISE] = "aACompromise",
};

const char *revocation_reason_to_string(RevocationReason reason)
{
        return reason >= 0 && reason < REVOCATION_REASON_MAX ? words[reason] : NULL;
}

RevocationReason revocation_reason_from_string(const char *s)
{
        for (int reason = 0; reason < REVOCATION_REASON_MAX; reason++)
                if (streq_ptr(s, words[reason]) && s)
                        return (RevocationReason) reason;
        return REVOCATION_UNSTATED;
}
