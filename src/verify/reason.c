/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The words and sentences of the reasons. */

#include "verify/reason.h"

static const struct {
        const char *word, *sentence;
} rows[VERIFY_REASON_MAX] = {
#define VERIFY_REASON(name, word, sentence) [VERIFY_E_##name] = {word, sentence},
#include "verify/reasons.h"
#undef VERIFY_REASON
};

const char *verify_reason_to_string(VerifyReason reason)
{
        assert(reason < VERIFY_REASON_MAX);
        return rows[reason].word;
}

const char *verify_reason_explain(VerifyReason reason)
{
        assert(reason < VERIFY_REASON_MAX);
        return rows[reason].sentence;
}
