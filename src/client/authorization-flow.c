/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Authorizations.
 *
 * A CA looks at all names at the same time if it is asked to: everything here is a batch, so that
 * 100 names take as many round trips as one. The CA says which names are to be proved; nothing is
 * believed beyond that: the challenge room publishes only what the signer makes for our account,
 * and every name is compared with the order's. */

#include "client/authorization-flow.h"

#include "acme/authorization.h"
#include "base/audit.h"
#include "client/progress.h"
#include "client/request.h"

/* An answer whose fate is not known is made again when the CA still waits for it, so often. */
#define ANSWER_ROUNDS 3U

/* The authorizations as the CA gave them, in the order of the URLs. */
typedef struct Fetched {
        size_t n;
        Request *requests;
        Authorization **list;
} Fetched;

static void fetched_done(Fetched *f)
{
        for (size_t i = 0; i < f->n; i++) {
                request_done(f->requests + i);
                authorization_free(f->list[i]);
        }
        free(f->requests);
        free(f->list);
        *f = (Fetched){};
}

static int parse_one(Client *c, const Order *order, const Request *q, Authorization **ret)
{
        static const char what[] = "look at the authorizations";
        const char *field;
        int r;

        if (request_lacks_account(q))
                return CLIENT_E_NO_ACCOUNT;
        if (q->outcome != REQUEST_DONE)
                return request_fail(c, q, what);
        r = authorization_parse(q->reply.body, q->reply.body_length, ret, &field);
        if (r == -EBADMSG)
                return request_fail_malformed(c, what, field);
        if (r < 0)
                return r;
        if (!strv_contains(order->identifiers, (*ret)->identifier))
                return request_fail_malformed(c, what, "identifier");
        return 0;
}

static int fetch(Client *c, const Order *order, char *const *urls, Fetched *f)
{
        size_t n = strv_length(urls);
        int r;

        fetched_done(f);
        f->requests = calloc(n + 1, sizeof(*f->requests));
        f->list = calloc(n + 1, sizeof(*f->list));
        if (!f->requests || !f->list)
                return -ENOMEM;
        f->n = n;
        for (size_t i = 0; i < n; i++)
                f->requests[i] = (Request){.kind = REQUEST_FETCH, .url = urls[i]};
        r = requests_perform(c, f->requests, n);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = parse_one(c, order, f->requests + i, f->list + i);
        return r;
}

static bool has_failed(const Authorization *a)
{
        return a->status != AUTHORIZATION_PENDING && a->status != AUTHORIZATION_VALID;
}

/* Says of one that has failed why, as far as the CA does. */
static int fail_one(Client *c, const Authorization *a)
{
        const Problem *problem = authorization_error(a);
        _cleanup_free_ char *what = NULL, *text = NULL;
        _cleanup_strv_free_ char **lines = NULL;
        int r;

        /* The name is one of ours, as parse_one() has made sure. */
        if (asprintf(&what, "The CA could not verify %s", a->identifier) < 0) {
                what = NULL;
                return -ENOMEM;
        }
        if (problem) {
                r = problem_format(problem, &lines);
                if (r < 0)
                        return r;
        }
        if (asprintf(&text,
                     "%s: %s",
                     what,
                     lines ? lines[0] : authorization_status_to_string(a->status)) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        audit(AUDIT_AUTHORIZATION_FAILED,
              text,
              {AUDIT_IDENTIFIERS, a->identifier},
              {AUDIT_PROBLEM, problem ? problem_type(problem) : NULL},
              {AUDIT_CA, c->about->ca});
        return failure_set_problem(&c->failure, what, problem, PROBLEM_AT_VALIDATION, 0);
}

static ProblemRetry gravity(const Authorization *a)
{
        return problem_rule(authorization_error(a), PROBLEM_AT_VALIDATION, 0)->retry;
}

/* The gravest failure is told first, so that it decides the exit code. Return: 0: there is none. */
static int judge(Client *c, const Fetched *f)
{
        const Authorization *gravest = NULL;
        int r;

        FOREACH_ARRAY (a, f->list, f->n)
                if (has_failed(*a) && (!gravest || gravity(*a) > gravity(gravest)))
                        gravest = *a;
        if (!gravest)
                return 0;
        (void) signer_forget_order(&c->signer);
        r = fail_one(c, gravest);
        for (size_t i = 0; i < f->n && r == CLIENT_E_FAILED; i++)
                if (f->list[i] != gravest && has_failed(f->list[i]))
                        r = fail_one(c, f->list[i]);
        return r;
}

int authorizations_check(Client *c, const Order *order, char ***urls)
{
        _cleanup_(fetched_done) Fetched f = {};
        _cleanup_strv_free_ char **open = NULL;
        int r;

        r = fetch(c, order, *urls, &f);
        if (r == 0)
                r = judge(c, &f);
        for (size_t i = 0; r == 0 && i < f.n; i++)
                if (f.list[i]->status == AUTHORIZATION_PENDING)
                        r = strv_append(&open, (*urls)[i]);
        if (r != 0)
                return r;
        strv_free(*urls);
        *urls = TAKE_PTR(open);
        return 0;
}

/* What is to be said for the pending ones: a token to publish, and whether the CA is still to be
 * told to look. One that it looks at already (section 8.2 lets it do so for days) needs its token.
 */
static int collect(Client *c, const Fetched *f, char ***tokens, Request *answers, size_t *ret_n)
{
        size_t n = 0;
        int r;

        for (size_t i = 0; i < f->n; i++) {
                const Challenge *challenge;

                if (f->list[i]->status != AUTHORIZATION_PENDING)
                        continue;
                challenge = authorization_challenge(f->list[i], CHALLENGE_HTTP01);
                if (!challenge)
                        return failure_set(&c->failure,
                                           EXIT_REFUSED,
                                           "The CA %s does not offer to verify %s by HTTP "
                                           "(http-01), which "
                                           "is the only way that is supported",
                                           c->about->ca,
                                           f->list[i]->identifier);
                r = strv_append(tokens, challenge->token);
                if (r < 0)
                        return r;
                if (challenge->status == CHALLENGE_PENDING)
                        answers[n++] = (Request){.kind = REQUEST_ANSWER_CHALLENGE,
                                                 .url = challenge->url};
        }
        strv_sort_unique(*tokens);
        *ret_n = n;
        return 0;
}

/* A CA refuses an answer in this way, too, when the name has become valid meanwhile. */
static bool may_be_outdated(const Request *q)
{
        return q->outcome == REQUEST_REFUSED &&
               (q->reply.status == 400 || q->reply.status == 409) &&
               (!q->problem || problem_is(q->problem, "malformed"));
}

/* A reply to an answer (section 7.5.1). is_last: nobody will look again.
 * Return: 0; CLIENT_E_UNCLEAR: the authorization says more. */
static int settle_answer(Client *c, const Request *q, bool is_last, usec_t *retry_after_usec)
{
        static const char what[] = "answer a challenge";
        _cleanup_(challenge_freep) Challenge *challenge = NULL;
        const char *field;
        int r;

        if (request_lacks_account(q))
                return CLIENT_E_NO_ACCOUNT;
        if (!is_last && (q->outcome == REQUEST_LOST || may_be_outdated(q)))
                return CLIENT_E_UNCLEAR;
        if (q->outcome != REQUEST_DONE)
                return request_fail(c, q, what);
        r = challenge_parse_text(q->reply.body, q->reply.body_length, &challenge, &field);
        if (r == -EBADMSG)
                return request_fail_malformed(c, what, field);
        if (r == 0)
                *retry_after_usec = MAX(*retry_after_usec, q->retry_after_usec);
        return r;
}

static int
send_answers(Client *c, Request *answers, size_t n, bool is_last, usec_t *retry_after_usec)
{
        bool is_unclear = false;
        int r;

        r = requests_perform(c, answers, n);
        for (size_t i = 0; r == 0 && i < n; i++) {
                r = settle_answer(c, answers + i, is_last, retry_after_usec);
                if (r == CLIENT_E_UNCLEAR) {
                        is_unclear = true;
                        r = 0;
                }
        }
        return r == 0 && is_unclear ? CLIENT_E_UNCLEAR : r;
}

/* One look at all authorizations, and an answer to each that waits for one. published: what is
 * public already; new tokens are added. */
static int answer_round(Client *c,
                        const Order *order,
                        bool is_last,
                        char ***published,
                        usec_t *retry_after_usec)
{
        _cleanup_(fetched_done) Fetched f = {};
        _cleanup_strv_free_ char **tokens = NULL;
        _cleanup_free_ Request *answers = NULL;
        size_t n = 0;
        int r;

        r = fetch(c, order, order->authorizations, &f);
        if (r == 0)
                r = judge(c, &f);
        if (r != 0)
                return r;
        answers = calloc(f.n + 1, sizeof(*answers));
        if (!answers)
                return -ENOMEM;
        r = collect(c, &f, &tokens, answers, &n);
        if (r != 0)
                return r;
        if (!tokens)
                return CLIENT_E_ALL_VALID;

        if (!strv_equal(tokens, *published)) {
                progress("Proving control of %zu names", strv_length(tokens));
                r = lease_publish(&c->lease, &c->failure, tokens);
                if (r != 0)
                        return r;
                strv_free(*published);
                *published = TAKE_PTR(tokens);
        }
        r = send_answers(c, answers, n, is_last, retry_after_usec);
        for (size_t i = 0; i < n; i++)
                request_done(answers + i);
        return r;
}

int authorizations_answer(Client *c, const Order *order, usec_t *ret_retry_after_usec)
{
        _cleanup_strv_free_ char **published = NULL;
        int r = CLIENT_E_UNCLEAR;

        *ret_retry_after_usec = 0;
        progress("Looking at the authorizations of %zu names", strv_length(order->identifiers));
        for (unsigned round = 0; round < ANSWER_ROUNDS && r == CLIENT_E_UNCLEAR; round++)
                r = answer_round(c,
                                 order,
                                 round == ANSWER_ROUNDS - 1,
                                 &published,
                                 ret_retry_after_usec);
        if (r == 0)
                progress("Waiting for the CA to look");
        return r;
}
