/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The reactions to a reply, by RFC 8555 sections 6.5 to 6.7 and RFC 9110 section 9.2.2. */

#include "client/request-rules.h"

static usec_t lost_pause_usec(const RequestTries *tries)
{
        return tries->lost == 0 ? 100 * USEC_PER_MSEC : USEC_PER_SEC;
}

/* There is no reply. */
static Verdict judge_failure(HttpResult result, bool is_repeatable, const RequestTries *tries)
{
        bool may_try = tries->lost < LOST_TRIES;

        switch (result) {
        case HTTP_E_UNREACHABLE:
                /* Nobody has seen the request, so that any kind may be sent again. */
                if (may_try)
                        return (Verdict){REACTION_AGAIN, lost_pause_usec(tries)};
                return (Verdict){REACTION_FAILED};
        case HTTP_E_LOST:
                if (!is_repeatable)
                        return (Verdict){REACTION_LOST};
                if (may_try)
                        return (Verdict){REACTION_AGAIN, lost_pause_usec(tries)};
                return (Verdict){REACTION_FAILED};
        default:
                /* A CA that lets us wait for 30 s would do so again, and port 80 is open meanwhile.
                 */
                return (Verdict){REACTION_FAILED};
        }
}

static Verdict judge_bad_nonce(const RequestTries *tries)
{
        unsigned next = tries->bad_nonces + 1;

        if (next >= (BAD_NONCE_TRIES + 1) * BAD_NONCE_ROUNDS)
                return (Verdict){REACTION_REFUSED};
        return (Verdict){REACTION_AGAIN,
                         next % (BAD_NONCE_TRIES + 1) == 0 ? BAD_NONCE_PAUSE_USEC : 0};
}

/* The CA says when to come back: it is busy, and nothing has been done (section 6.6, RFC 9110
 * section 15.6.4); or what it has made is not everywhere yet. */
static bool is_put_off(unsigned status, RequestNature nature)
{
        return status == 429 || status == 503 || (status == 404 && nature.must_exist);
}

Verdict request_judge(const HttpReply *reply,
                      const Problem *problem,
                      RequestNature nature,
                      const usec_t *retry_after_usec,
                      const RequestTries *tries)
{
        unsigned status = reply->status;
        bool may_try = tries->lost < LOST_TRIES;

        if (reply->result != HTTP_DONE)
                return judge_failure(reply->result, nature.is_repeatable, tries);
        if (status >= 200 && status < 300)
                return (Verdict){REACTION_DONE};
        if (problem && problem_is(problem, "badNonce"))
                return judge_bad_nonce(tries);
        if (retry_after_usec)
                return is_put_off(status, nature) && tries->busy < BUSY_TRIES
                                       ? (Verdict){REACTION_AGAIN,
                                                   MAX(*retry_after_usec, BUSY_PAUSE_MIN_USEC)}
                                       : (Verdict){REACTION_REFUSED};

        /* What a CA of several machines says of what one of them has just made. */
        if (status == 404 && nature.must_exist && may_try)
                return (Verdict){REACTION_AGAIN, lost_pause_usec(tries)};
        /* What a proxy in front of the CA says while the CA restarts. */
        if (status >= 500 && (nature.is_repeatable || status == 503) && may_try)
                return (Verdict){REACTION_AGAIN, lost_pause_usec(tries)};
        /* The proxy had no answer, or half of one, from a CA that may have done it (RFC 9110
         * sections 15.6.3 and 15.6.5). */
        if ((status == 502 || status == 504) && !nature.is_repeatable)
                return (Verdict){REACTION_LOST};
        return (Verdict){REACTION_REFUSED};
}
