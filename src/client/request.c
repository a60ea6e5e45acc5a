/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests to the CA.
 *
 * A batch is a list of signed requests of which as many are under way as there are nonces and
 * streams. The signer composes each (RFC 8555 section 6.2); while it signs, the network is served,
 * and while the network is waited for, the next ones are signed. Invariant: when a batch returns,
 * the signer owes us nothing, and no reply to any of its requests can still arrive unless the run
 * has failed. */

#include "client/request.h"

#include "base/escape.h"
#include "base/log.h"
#include "client/reply.h"

/* A CA that does not give a nonce in so many tries has none. */
#define NONCE_TRIES 3U

static const struct {
        const char *method;   /* of the signer */
        RequestNature nature; /* sections 7.3.1 and 6.3 */
} kinds[] = {
                [REQUEST_NEW_ACCOUNT] = {"NewAccount", {.is_repeatable = true}},
                [REQUEST_UPDATE_ACCOUNT] = {"UpdateAccount", {}},
                [REQUEST_CHANGE_KEY] = {"ChangeKey", {}},
                [REQUEST_NEW_ORDER] = {"NewOrder", {}},
                [REQUEST_FETCH] = {"Fetch", {.is_repeatable = true, .must_exist = true}},
                [REQUEST_ANSWER_CHALLENGE] = {"AnswerChallenge", {}},
                [REQUEST_DEACTIVATE] = {"DeactivateAuthorization", {}},
                [REQUEST_FINALIZE] = {"Finalize", {}},
                /* Section 7.6: the second time, alreadyRevoked is the answer. */
                [REQUEST_REVOKE] = {"Revoke", {.is_repeatable = true}},
};

typedef struct Batch {
        Client *client;
        Request *requests;
        size_t n, n_left;
        unsigned nonce_failures; /* in a row */
        usec_t nonce_not_before_usec;
} Batch;

void request_done(Request *request)
{
        http_reply_done(&request->reply);
        problem_free(request->problem);
        request->problem = NULL;
}

/* Section 7.3.3: terms that have changed are in a Link of the refusal; else they are where the
 * directory says. */
static void tell_terms(Client *c, const char *what, const char *url)
{
        _cleanup_free_ char *shown = NULL;

        if (!url && c->directory)
                url = c->directory->terms_of_service;
        if (url)
                shown = escape_foreign(url, strlen(url), FOREIGN_TEXT_MAX);
        if (shown)
                log_error("Failed to %s: the CA's terms of service are at %s", what, shown);
}

int request_fail(Client *c, const Request *q, const char *what)
{
        c->failure.retry_after_usec = q->retry_after_usec;
        if (q->problem && problem_is(q->problem, "userActionRequired"))
                tell_terms(c, what, q->reply.terms_of_service);
        if (q->reply.result == HTTP_DONE)
                return reply_fail_status(c, what, q->problem, q->reply.status);
        return reply_fail(c, what, &q->reply);
}

int request_fail_malformed(Client *c, const char *what, const char *field)
{
        return failure_set_of_this_ca(&c->failure,
                                      EXIT_TRY_AGAIN,
                                      "Failed to %s: the CA's reply is not as RFC 8555 has it%s%s",
                                      what,
                                      field && *field ? ": " : "",
                                      field ? field : "");
}

int requests_forgive(Client *c)
{
        if (http_under_way(c->http) > c->nonces_under_way)
                return CLIENT_E_FAILED;
        log_notice("Passed over: %s", c->failure.message);
        failure_done(&c->failure);
        return 0;
}

bool request_lacks_account(const Request *q)
{
        return q->outcome == REQUEST_REFUSED && q->problem &&
               problem_is(q->problem, "accountDoesNotExist");
}

static int send_nonce_request(Client *c)
{
        int r;

        r = http_start(c->http,
                       &(HttpRequest){.method = HTTP_HEAD, .url = c->directory->new_nonce});
        if (r < 0)
                return r;
        c->nonces_under_way++;
        return 0;
}

int nonces_prefetch(Client *c, size_t n)
{
        size_t streams = http_streams(c->http);
        int r;

        while (c->nonces.n + c->nonces_under_way < n && http_under_way(c->http) < streams) {
                r = send_nonce_request(c);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Signs one request and sends it. Return: 0; CLIENT_E_FAILED; -errno. */
static int send_request(Client *c, Request *q, const char *nonce)
{
        char *body = NULL;
        int r, p;

        r = signer_sign_send(&c->signer,
                             &(SignerRequest){
                                             .method = kinds[q->kind].method,
                                             .url = q->url,
                                             .nonce = nonce,
                                             .replaces = q->replaces,
                                             .profile = q->profile,
                             });
        if (r != 0)
                return r;
        p = http_pump(c->http);
        r = signer_sign_receive(&c->signer, &body);
        if (r != 0)
                return r;
        if (p < 0) {
                free(body);
                return p;
        }
        r = http_start(c->http,
                       &(HttpRequest){
                                       .method = HTTP_POST,
                                       .url = q->url,
                                       .body = body,
                                       .wants_chain = q->wants_chain,
                                       .userdata = q,
                       });
        if (r < 0)
                return r;
        q->is_under_way = true;
        return 0;
}

/* Sends what can be sent now. */
static int launch(Batch *b)
{
        Client *c = b->client;
        usec_t now_usec = now_monotonic();
        size_t streams = http_streams(c->http), waiting = 0, wanted;
        int r;

        FOREACH_ARRAY (q, b->requests, b->n) {
                _cleanup_free_ char *nonce = NULL;

                if (q->outcome != REQUEST_PENDING || q->is_under_way ||
                    q->not_before_usec > now_usec)
                        continue;
                if (http_under_way(c->http) >= streams)
                        return 0;
                nonce = nonces_take(&c->nonces);
                if (!nonce) {
                        waiting++;
                        continue;
                }
                r = send_request(c, q, nonce);
                if (r != 0)
                        return r;
        }

        if (waiting == 0 || b->nonce_not_before_usec > now_usec)
                return 0;
        wanted = nonces_wanted(waiting, http_under_way(c->http), streams);
        for (; wanted > 0; wanted--) {
                r = send_nonce_request(c);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A reply to newNonce (section 7.2). */
static int settle_nonce(Batch *b, const HttpReply *reply)
{
        static const char what[] = "get a nonce";
        Client *c = b->client;
        usec_t retry_after_usec;
        bool has_retry_after;

        c->nonces_under_way--;
        if (reply->result == HTTP_DONE && reply->status >= 200 && reply->status < 300 &&
            nonces_put(&c->nonces, reply->replay_nonce)) {
                b->nonce_failures = 0;
                return 0;
        }

        has_retry_after = reply_retry_after(reply, &retry_after_usec);
        if (++b->nonce_failures < NONCE_TRIES &&
            client_put_off(c,
                           has_retry_after ? retry_after_usec : 100 * USEC_PER_MSEC,
                           &b->nonce_not_before_usec))
                return 0;
        c->failure.retry_after_usec = retry_after_usec;
        if (reply->result != HTTP_DONE)
                return reply_fail(c, what, reply);
        if (reply->status >= 300)
                return reply_fail_status(c, what, NULL, reply->status);
        return request_fail_malformed(c, what, "Replay-Nonce");
}

/* By what request_judge() has judged: a Retry-After that is none counts for nothing there. */
static void note_try(Request *q, bool has_retry_after)
{
        if (q->reply.result != HTTP_DONE)
                q->tries.lost++;
        else if (q->problem && problem_is(q->problem, "badNonce"))
                q->tries.bad_nonces++;
        else if (has_retry_after)
                q->tries.busy++;
        else
                q->tries.lost++;
}

static void settle(Batch *b, Request *q, RequestOutcome outcome)
{
        q->outcome = outcome;
        b->n_left--;
}

/* A reply to a signed request, which is q->reply. */
static int settle_request(Batch *b, Request *q)
{
        Client *c = b->client;
        HttpReply *reply = &q->reply;
        RequestNature nature = kinds[q->kind].nature;
        bool has_retry_after;
        Verdict verdict;
        int r;

        q->is_under_way = false;
        (void) nonces_put(&c->nonces, reply->replay_nonce);
        has_retry_after = reply_retry_after(reply, &q->retry_after_usec);
        if (reply->result == HTTP_DONE && reply->status >= 400) {
                r = problem_parse(reply->body, reply->body_length, &q->problem);
                if (r == -ENOMEM)
                        return r;
        }

        nature.must_exist = nature.must_exist && !q->may_be_gone;
        verdict = request_judge(reply,
                                q->problem,
                                nature,
                                has_retry_after ? &q->retry_after_usec : NULL,
                                &q->tries);
        switch (verdict.reaction) {
        case REACTION_DONE:
                settle(b, q, REQUEST_DONE);
                return 0;
        case REACTION_LOST:
                settle(b, q, REQUEST_LOST);
                return 0;
        case REACTION_FAILED:
                return reply_fail(c, "talk to the CA", reply);
        case REACTION_AGAIN:
                if (client_put_off(c, verdict.pause_usec, &q->not_before_usec)) {
                        note_try(q, has_retry_after);
                        request_done(q);
                        return 0;
                }
                /* It would take longer than a run may: the timer's turn. */
                if (reply->result != HTTP_DONE)
                        return reply_fail(c, "talk to the CA", reply);
                settle(b, q, REQUEST_REFUSED);
                return 0;
        case REACTION_REFUSED:
                settle(b, q, REQUEST_REFUSED);
                return 0;
        }
        return -EINVAL;
}

/* Until something happens: a reply, or a pause ends. */
static int await(Batch *b)
{
        Client *c = b->client;
        usec_t deadline_usec = c->patience.deadline_usec;
        _cleanup_http_reply_ HttpReply reply = {};
        int r;

        FOREACH_ARRAY (q, b->requests, b->n)
                if (q->outcome == REQUEST_PENDING && !q->is_under_way &&
                    q->not_before_usec > now_monotonic())
                        deadline_usec = MIN(deadline_usec, q->not_before_usec);
        if (b->nonce_not_before_usec > now_monotonic())
                deadline_usec = MIN(deadline_usec, b->nonce_not_before_usec);

        r = client_wait_for_reply(c, deadline_usec, &reply);
        if (r == -ETIMEDOUT)
                return now_monotonic() >= c->patience.deadline_usec ? client_fail_deadline(c) : 0;
        if (r != 0)
                return r;
        if (!reply.userdata)
                return settle_nonce(b, &reply);

        Request *q = reply.userdata;
        q->reply = reply;
        reply = (HttpReply){};
        return settle_request(b, q);
}

int requests_perform(Client *c, Request requests[], size_t n)
{
        Batch b = {.client = c, .requests = requests, .n = n, .n_left = n};
        int r = 0;

        c->asked_usec = now_monotonic();
        for (size_t i = 0; r == 0 && i < n; i++)
                r = client_admit_url(c, requests[i].url);
        while (r == 0 && b.n_left > 0) {
                r = launch(&b);
                if (r == 0)
                        r = await(&b);
        }
        return r;
}

int requests_pause(Client *c, usec_t until_usec)
{
        Batch b = {.client = c};

        for (;;) {
                _cleanup_http_reply_ HttpReply reply = {};
                int r;

                r = client_wait_for_reply(c, until_usec, &reply);
                if (r == -ETIMEDOUT)
                        return 0;
                /* Nothing else is under way between two batches. */
                if (r == 0)
                        r = settle_nonce(&b, &reply);
                if (r != 0)
                        return r;
        }
}
