/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signer notes before it signs that the live certificate may be revoked by now, so that a run
 * that dies in between forgets nothing: what the CA has said is told to it only when there is no
 * doubt. */

#include "client/revocation-flow.h"

#include "client/account-flow.h"
#include "client/progress.h"
#include "client/reply.h"
#include "client/request.h"

static const char what[] = "revoke the certificate";

/* Has the CA looked at it and said no? After anything else it may be revoked, or be so later. */
static bool is_no(const Request *q)
{
        return q->outcome == REQUEST_REFUSED && q->problem && q->reply.status >= 400 &&
               q->reply.status < 500 && q->reply.status != 429;
}

static int judge(Client *c, const Request *q, bool *ret_was_revoked)
{
        int r;

        *ret_was_revoked = q->outcome == REQUEST_REFUSED && q->problem &&
                           problem_is(q->problem, "alreadyRevoked");
        if (q->outcome == REQUEST_DONE || *ret_was_revoked)
                return signer_set_revocation(&c->signer, true);
        r = request_fail(c, q, what);
        if (r == CLIENT_E_FAILED && is_no(q)) {
                int s = signer_set_revocation(&c->signer, false);

                return s < 0 ? s : r;
        }
        return r;
}

int revocation_flow_run(Client *c, bool *ret_was_revoked)
{
        _cleanup_request_ Request q = {.kind = REQUEST_REVOKE, .url = c->directory->revoke_cert};
        int r = 0;

        if (!q.url)
                return request_fail_malformed(c, "get the CA's directory", "revokeCert");
        if (streq(c->about->revocation.key, "account"))
                r = account_ensure(c);
        if (r == 0) {
                progress("Revoking the certificate %s", c->about->revocation.serial);
                r = requests_perform(c, &q, 1);
        }
        return r == 0 ? judge(c, &q, ret_was_revoked) : r;
}
