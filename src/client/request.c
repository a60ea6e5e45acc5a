/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests to the CA.
 *
 * A batch is a list of signed requests of which as many are under way as there are nonces and
 * streams. The signer composes each (RFC 8555 section 6.2); while it signs, the network is served,
 * and while the network is waited for, the next ones are signed. Invariant: when a batch returns,
 * the signer owes us nothing, and no reply to any of its requests can still arrive unless the run
 * has failed. */

#include "client/request.h"

#include "acme/retry-after.h"
#include "acme/url.h"
#include "base/escape.h"
#include "base/log.h"

/* A CA that does not give a nonce in so many tries has none. */
#define NONCE_TRIES 3U

static const struct {
        const char *method; /* of the signer */
        bool is_repeatable; /* the CA may do it twice: sections 7.3.1 and 6.3 */
} kinds[] = {
                [REQUEST_NEW_ACCOUNT] = {"NewAccount", true},
                [REQUEST_NEW_ORDER] = {"NewOrder", false},
                [REQUEST_FETCH] = {"Fetch", true},
                [REQUEST_ANSWER_CHALLENGE] = {"AnswerChallenge", false},
                [REQUEST_FINALIZE] = {"Finalize", false},
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

/* What a URL says is shown, and is a stranger's. */
static int fail_url(Client *c, ExitStatus status, const char *format, const char *url)
{
        _cleanup_free_ char *shown = escape_foreign(url, strlen(url), FOREIGN_TEXT_MAX);

        if (!shown)
                return -ENOMEM;
        return failure_set(&c->failure, status, "%s: %s", format, shown);
}

/* Section 6.1 and DESIGN: a CA speaks for its own origins only. */
static int admit_url(Client *c, const char *url)
{
        if (acme_url_has_origin(url, c->about->origins))
                return 0;
        return fail_url(c,
                        EXIT_REFUSED,
                        "The CA sent a URL of another origin, which is not followed (the CA's file "
                        "may "
                        "list more with Origins=)",
                        url);
}

static int admit_directory(Client *c)
{
        int r;

        r = admit_url(c, c->directory->new_nonce);
        if (r == 0)
                r = admit_url(c, c->directory->new_account);
        return r == 0 ? admit_url(c, c->directory->new_order) : r;
}

static int fail_reply(Client *c, const char *what, const HttpReply *reply)
{
        switch (reply->result) {
        case HTTP_E_UNTRUSTED:
                return failure_set(&c->failure,
                                   EXIT_CONFIGURATION,
                                   "Failed to %s: the CA's certificate is not trusted: %s; if it "
                                   "is a CA "
                                   "of your own, name its root certificate with Trust=, and see "
                                   "that the clock is right",
                                   what,
                                   reply->error);
        case HTTP_E_UNREACHABLE:
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "Failed to %s: the CA cannot be reached: %s",
                                   what,
                                   reply->error);
        case HTTP_E_TIMEOUT:
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "Failed to %s: the CA does not answer in time: %s",
                                   what,
                                   reply->error);
        default:
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "Failed to %s: %s",
                                   what,
                                   reply->error);
        }
}

/* For a reply with a status that is no success. */
static int fail_status(Client *c, const char *what, const Problem *problem, unsigned status)
{
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text, "Failed to %s", what) < 0)
                return -ENOMEM;
        if (!problem && status >= 300 && status < 400)
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "%s: the CA redirects (HTTP status %u), which is not followed; "
                                   "see CA=",
                                   text,
                                   status);
        return failure_set_problem(&c->failure, text, problem, PROBLEM_AT_REQUEST, status);
}

int request_fail(Client *c, const Request *q, const char *what)
{
        c->failure.retry_after_usec = q->retry_after_usec;
        if (q->outcome == REQUEST_REFUSED)
                return fail_status(c, what, q->problem, q->reply.status);
        return fail_reply(c, what, &q->reply);
}

int request_fail_malformed(Client *c, const char *what, const char *field)
{
        return failure_set(&c->failure,
                           EXIT_TRY_AGAIN,
                           "Failed to %s: the CA's reply is not as RFC 8555 has it%s%s",
                           what,
                           field && *field ? ": " : "",
                           field ? field : "");
}

bool request_lacks_account(const Request *q)
{
        return q->outcome == REQUEST_REFUSED && q->problem &&
               problem_is(q->problem, "accountDoesNotExist");
}

/* A reply's wait in *ret. Return: is there one? */
static bool get_retry_after(const HttpReply *reply, usec_t *ret)
{
        *ret = 0;
        return reply->retry_after &&
               retry_after_parse(reply->retry_after, now_realtime(), ret) == 0;
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

        r = signer_sign_send(&c->signer, kinds[q->kind].method, q->url, nonce);
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

/* Puts off by the pause. Return: has the run the time for it? */
static bool put_off(Client *c, usec_t pause_usec, usec_t *ret_not_before_usec)
{
        usec_t now_usec = now_monotonic();

        *ret_not_before_usec = now_usec + pause_usec;
        return patience_take(&c->patience, now_usec, *ret_not_before_usec);
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

        has_retry_after = get_retry_after(reply, &retry_after_usec);
        if (++b->nonce_failures < NONCE_TRIES &&
            put_off(c,
                    has_retry_after ? retry_after_usec : 100 * USEC_PER_MSEC,
                    &b->nonce_not_before_usec))
                return 0;
        c->failure.retry_after_usec = retry_after_usec;
        if (reply->result != HTTP_DONE)
                return fail_reply(c, what, reply);
        if (reply->status >= 300)
                return fail_status(c, what, NULL, reply->status);
        return request_fail_malformed(c, what, "Replay-Nonce");
}

static void note_try(Request *q)
{
        if (q->reply.result != HTTP_DONE)
                q->tries.lost++;
        else if (q->problem && problem_is(q->problem, "badNonce"))
                q->tries.bad_nonces++;
        else if (q->reply.retry_after)
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
        bool has_retry_after;
        Verdict verdict;
        int r;

        q->is_under_way = false;
        (void) nonces_put(&c->nonces, reply->replay_nonce);
        has_retry_after = get_retry_after(reply, &q->retry_after_usec);
        if (reply->result == HTTP_DONE && reply->status >= 400) {
                r = problem_parse(reply->body, reply->body_length, &q->problem);
                if (r == -ENOMEM)
                        return r;
        }

        verdict = request_judge(reply,
                                q->problem,
                                kinds[q->kind].is_repeatable,
                                has_retry_after,
                                q->retry_after_usec,
                                &q->tries);
        switch (verdict.reaction) {
        case REACTION_DONE:
                settle(b, q, REQUEST_DONE);
                return 0;
        case REACTION_LOST:
                settle(b, q, REQUEST_LOST);
                return 0;
        case REACTION_FAILED:
                return fail_reply(c, "talk to the CA", reply);
        case REACTION_AGAIN:
                if (put_off(c, verdict.pause_usec, &q->not_before_usec)) {
                        note_try(q);
                        request_done(q);
                        return 0;
                }
                /* It would take longer than a run may: the timer's turn. */
                if (reply->result != HTTP_DONE)
                        return fail_reply(c, "talk to the CA", reply);
                settle(b, q, REQUEST_REFUSED);
                return 0;
        case REACTION_REFUSED:
                settle(b, q, REQUEST_REFUSED);
                return 0;
        }
        return -EINVAL;
}

static int fail_deadline(Client *c)
{
        return failure_set(&c->failure,
                           EXIT_TRY_AGAIN,
                           "Gave up after %s; the next attempt goes on where this one ends",
                           FORMAT_TIMESPAN(RUN_MAX_USEC));
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

        r = http_wait(c->http, deadline_usec, &reply);
        if (r == -ETIMEDOUT)
                return now_monotonic() >= c->patience.deadline_usec ? fail_deadline(c) : 0;
        if (r < 0)
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

        for (size_t i = 0; r == 0 && i < n; i++)
                r = admit_url(c, requests[i].url);
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

                r = http_wait(c->http, until_usec, &reply);
                if (r == -ETIMEDOUT)
                        return 0;
                /* Nothing else is under way between two batches. */
                if (r == 0)
                        r = settle_nonce(&b, &reply);
                if (r != 0)
                        return r;
        }
}

int directory_send(Client *c)
{
        return http_start(c->http, &(HttpRequest){.method = HTTP_GET, .url = c->config->directory});
}

/* Safe, and made again like any other that is (RFC 9110 section 9.2.2). */
int directory_receive(Client *c)
{
        static const char what[] = "get the CA's directory";
        RequestTries tries = {};

        for (;;) {
                _cleanup_http_reply_ HttpReply reply = {};
                const char *field;
                usec_t retry_after_usec, until_usec;
                bool has_retry_after;
                Verdict verdict;
                int r;

                r = http_wait(c->http, c->patience.deadline_usec, &reply);
                if (r < 0)
                        return r == -ETIMEDOUT ? fail_deadline(c) : r;
                has_retry_after = get_retry_after(&reply, &retry_after_usec);
                verdict = request_judge(&reply,
                                        NULL,
                                        true,
                                        has_retry_after,
                                        retry_after_usec,
                                        &tries);
                if (verdict.reaction == REACTION_DONE) {
                        (void) nonces_put(&c->nonces, reply.replay_nonce);
                        r = directory_parse(reply.body, reply.body_length, &c->directory, &field);
                        if (r == -EBADMSG)
                                return request_fail_malformed(c, what, field);
                        return r < 0 ? r : admit_directory(c);
                }
                if (verdict.reaction != REACTION_AGAIN ||
                    !put_off(c, verdict.pause_usec, &until_usec)) {
                        c->failure.retry_after_usec = retry_after_usec;
                        return reply.result == HTTP_DONE ? fail_status(c, what, NULL, reply.status)
                                                         : fail_reply(c, what, &reply);
                }
                tries.lost++;
                tries.busy++;
                r = requests_pause(c, until_usec);
                if (r == 0)
                        r = directory_send(c);
                if (r != 0)
                        return r;
        }
}
