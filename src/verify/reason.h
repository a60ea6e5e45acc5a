/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Positive outcomes of everything that looks at an endpoint. */

#include "base/macro.h"

typedef enum VerifyReason {
        VERIFY_OK,
#define VERIFY_REASON(name, word, sentence) VERIFY_E_##name,
#include "verify/reasons.h"
#undef VERIFY_REASON
        VERIFY_REASON_MAX,
} VerifyReason;

/* "otherCertificate"; NULL for VERIFY_OK. */
const char *verify_reason_to_string(VerifyReason reason);

/* "serves another certificate"; NULL for VERIFY_OK. */
const char *verify_reason_explain(VerifyReason reason);
