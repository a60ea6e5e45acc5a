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
#include "client/choice.h"
#include "client/progress.h"
#include "client/proof-flow.h"
#include "client/request.h"
#include "state/state.h"

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

/* RFC 8555 section 7.1.4: a wildcard's comes without its "*.". Return: 1, 0, -ENOMEM. */
static int is_asked_for(const Order *order, const Authorization *a)
{
        _cleanup_free_ char *name = NULL;
        int r;

        r = choice_identifier(a, &name);
        return r < 0 ? r : strv_contains(order->identifiers, name);
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
        r = is_asked_for(order, *ret);
        if (r == 0)
                return request_fail_malformed(c, what, "identifier");
        return MIN(r, 0);
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

/* Section 7.1.3 has a CA explain itself in the order, too; some do it nowhere else. */
static const Problem *explanation(const Order *order, const Authorization *a)
{
        const Problem *problem = authorization_error(a);

        return problem ? problem : order->error;
}

/* Says of one that has failed why, as far as the CA does. */
static int fail_one(Client *c, const Order *order, const Authorization *a)
{
        const Problem *problem = explanation(order, a);
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

static ProblemRetry gravity(const Order *order, const Authorization *a)
{
        return problem_rule(explanation(order, a), PROBLEM_AT_VALIDATION, 0)->retry;
}

/* Nothing of it is worth a failure, and nothing that has failed before is hidden by it. */
static int deactivate_pending(Client *c, char *const *urls, const Fetched *f)
{
        bool had_failed = c->failure.is_set;
        Request *requests = calloc(f->n + 1, sizeof(*requests));
        size_t n = 0;
        int r;

        if (!requests)
                return -ENOMEM;
        for (size_t i = 0; i < f->n; i++)
                if (f->list[i] && f->list[i]->status == AUTHORIZATION_PENDING)
                        requests[n++] = (Request){.kind = REQUEST_DEACTIVATE, .url = urls[i]};
        r = requests_perform(c, requests, n);
        for (size_t i = 0; i < n; i++)
                request_done(requests + i);
        free(requests);
        return r == CLIENT_E_FAILED && !had_failed ? requests_forgive(c) : r;
}

/* The gravest failure is told first, so that it decides the exit code. Return: 0: there is none. */
static int judge(Client *c, const Order *order, char *const *urls, const Fetched *f)
{
        const Authorization *gravest = NULL;
        int r, p;

        FOREACH_ARRAY (a, f->list, f->n)
                if (has_failed(*a) && (!gravest || gravity(order, *a) > gravity(order, gravest)))
                        gravest = *a;
        if (!gravest)
                return 0;
        (void) signer_forget_order(&c->signer);
        FOREACH_ARRAY (a, f->list, f->n)
                if (has_failed(*a))
                        (void) choice_try_another(c, *a);
        r = fail_one(c, order, gravest);
        for (size_t i = 0; i < f->n && r == CLIENT_E_FAILED; i++)
                if (f->list[i] != gravest && has_failed(f->list[i]))
                        r = fail_one(c, order, f->list[i]);
        if (r != CLIENT_E_FAILED)
                return r;
        p = deactivate_pending(c, urls, f);
        return p < 0 ? p : r;
}

int authorizations_give_up(Client *c, const Order *order)
{
        _cleanup_(fetched_done) Fetched f = {};
        int r;

        r = fetch(c, order, order->authorizations, &f);
        if (r == CLIENT_E_FAILED)
                return requests_forgive(c);
        return r == 0 ? deactivate_pending(c, order->authorizations, &f) : r;
}

int authorizations_check(Client *c, const Order *order, char ***urls)
{
        _cleanup_(fetched_done) Fetched f = {};
        _cleanup_strv_free_ char **open = NULL;
        int r;

        r = fetch(c, order, *urls, &f);
        if (r == 0)
                r = judge(c, order, *urls, &f);
        for (size_t i = 0; r == 0 && i < f.n; i++)
                if (f.list[i]->status == AUTHORIZATION_PENDING)
                        r = strv_append(&open, (*urls)[i]);
        if (r != 0)
                return r;
        strv_free(*urls);
        *urls = TAKE_PTR(open);
        return 0;
}

/* What is to be said for the pending ones. */
typedef struct Answers {
        size_t n, n_requests;
        Proof *proofs;     /* all that has to be public, n */
        Request *requests; /* to those that the CA is still to be told of, n_requests */
} Answers;

static void answers_done(Answers *answers)
{
        for (size_t i = 0; i < answers->n_requests; i++)
                request_done(answers->requests + i);
        free(answers->requests);
        free(answers->proofs);
}

static int fail_not_offered(Client *c, const Authorization *a)
{
        _cleanup_free_ char *names = NULL;
        int r;

        r = choice_names(c, &names);
        if (r < 0)
                return r;
        return failure_set(&c->failure,
                           EXIT_REFUSED,
                           "The CA %s does not offer to verify %s%s by %s, which is what "
                           "Challenge= allows",
                           c->about->ca,
                           a->is_wildcard ? "*." : "",
                           a->identifier,
                           names);
}

/* For choice_remember(), when all has gone well. Return: 0, -ENOMEM. */
static int note_choice(Client *c, const Authorization *a, const Challenge *challenge)
{
        _cleanup_free_ char *identifier = NULL;
        int r;

        r = choice_identifier(a, &identifier);
        return r < 0 ? r : state_set_challenge(&c->proved, identifier, challenge->type);
}

/* One that the CA looks at already (section 8.2 lets it do so for days) needs what it looks for,
 * and no answer. */
static int collect(Client *c, const Fetched *f, Answers *answers)
{
        answers->proofs = calloc(f->n + 1, sizeof(*answers->proofs));
        answers->requests = calloc(f->n + 1, sizeof(*answers->requests));
        if (!answers->proofs || !answers->requests)
                return -ENOMEM;
        FOREACH_ARRAY (a, f->list, f->n) {
                const Challenge *challenge;
                int r;

                if ((*a)->status != AUTHORIZATION_PENDING)
                        continue;
                challenge = choice_make(c, *a);
                if (!challenge)
                        return fail_not_offered(c, *a);
                r = note_choice(c, *a, challenge);
                if (r < 0)
                        return r;
                answers->proofs[answers->n++] = (Proof){
                                challenge->type,
                                {(*a)->identifier,
                                 challenge->token,
                                 challenge->issuer,
                                 challenge->account_uri},
                };
                if (challenge->status == CHALLENGE_PENDING)
                        answers->requests[answers->n_requests++] =
                                        (Request){.kind = REQUEST_ANSWER_CHALLENGE,
                                                  .url = challenge->url};
        }
        return 0;
}

/* Nothing when all of it is public already. published: the tokens that are, and the names where
 * there are none. */
static int publish(Client *c, const Answers *answers, char ***published)
{
        bool is_new = false;
        int r = 0;

        for (size_t i = 0; r == 0 && i < answers->n; i++) {
                const Publication *p = &answers->proofs[i].publication;

                if (strv_contains(*published, p->token ?: p->identifier))
                        continue;
                is_new = true;
                r = strv_append(published, p->token ?: p->identifier);
        }
        if (r < 0 || !is_new)
                return r;
        progress("Proving control of " PROGRESS_NAMES, PROGRESS_NAMES_ARGS(answers->n));
        return proofs_publish(c, answers->proofs, answers->n);
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
        _cleanup_(answers_done) Answers answers = {};
        _cleanup_(fetched_done) Fetched f = {};
        int r;

        r = fetch(c, order, order->authorizations, &f);
        if (r == 0)
                r = judge(c, order, order->authorizations, &f);
        if (r == 0)
                r = collect(c, &f, &answers);
        if (r != 0)
                return r;
        if (answers.n == 0)
                return CLIENT_E_ALL_VALID;
        r = publish(c, &answers, published);
        if (r != 0)
                return r;
        return send_answers(c, answers.requests, answers.n_requests, is_last, retry_after_usec);
}

int authorizations_answer(Client *c, const Order *order, usec_t *ret_retry_after_usec)
{
        _cleanup_strv_free_ char **published = NULL;
        int r = CLIENT_E_UNCLEAR;

        *ret_retry_after_usec = 0;
        progress("Looking at the authorizations of " PROGRESS_NAMES,
                 PROGRESS_NAMES_ARGS(strv_length(order->identifiers)));
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
