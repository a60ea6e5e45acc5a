/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "proving/refusal.h"

#include "base/audit.h"

void refusal_done(Refusal *refusal)
{
        free(refusal->text);
        *refusal = (Refusal){};
}

int refuse(Refusal *refusal, const char *error, const char *member, const char *text)
{
        refusal->error = error;
        refusal->member = member;
        return free_and_strdup(&refusal->text, text);
}

int refusal_reply(const Refusal *refusal, VarlinkCall *call)
{
        audit(AUDIT_REFUSED,
              "Refused to publish what a challenge asks for",
              {AUDIT_OPERATION, varlink_call_method(call)},
              {AUDIT_REASON, strrchr(refusal->error, '.') + 1});
        return refusal->member ? varlink_error_string(call,
                                                      refusal->error,
                                                      refusal->member,
                                                      refusal->text)
                               : varlink_error(call, refusal->error, NULL);
}
