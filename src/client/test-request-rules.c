/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/request-rules.h"

#include "base/test.h"

static const char bad_nonce[] = "{\"type\":\"urn:ietf:params:acme:error:badNonce\"}";
static const char malformed[] = "{\"type\":\"urn:ietf:params:acme:error:malformed\"}";

typedef struct Case {
        const char *name;
        HttpResult result;
        unsigned status;
        const char *problem; /* NULL: none */
        RequestNature nature;
        bool has_retry_after;
        usec_t retry_after_usec;
        RequestTries tries;
        Reaction reaction;
        usec_t pause_usec;
} Case;

#define S USEC_PER_SEC
#define MS USEC_PER_MSEC

static const Case cases[] = {
                {.name = "200", .status = 200, .reaction = REACTION_DONE},
                {.name = "201", .status = 201, .reaction = REACTION_DONE},
                {.name = "204", .status = 204, .reaction = REACTION_DONE},
                {.name = "302 is refused",
                 .status = 302,
                 .nature.is_repeatable = true,
                 .reaction = REACTION_REFUSED},
                {.name = "400", .status = 400, .problem = malformed, .reaction = REACTION_REFUSED},
                {.name = "first badNonce",
                 .status = 400,
                 .problem = bad_nonce,
                 .reaction = REACTION_AGAIN},
                {.name = "badNonce after four",
                 .status = 400,
                 .problem = bad_nonce,
                 .tries.bad_nonces = 4,
                 .reaction = REACTION_AGAIN},
                {.name = "badNonce after five tries anew: a pause",
                 .status = 400,
                 .problem = bad_nonce,
                 .tries.bad_nonces = 5,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = BAD_NONCE_PAUSE_USEC},
                {.name = "the second round begins",
                 .status = 400,
                 .problem = bad_nonce,
                 .tries.bad_nonces = 6,
                 .reaction = REACTION_AGAIN},
                {.name = "the second round ends: a pause",
                 .status = 400,
                 .problem = bad_nonce,
                 .tries.bad_nonces = 11,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = BAD_NONCE_PAUSE_USEC},
                {.name = "the third round ends",
                 .status = 400,
                 .problem = bad_nonce,
                 .tries.bad_nonces = 17,
                 .reaction = REACTION_REFUSED},
                {.name = "429 with Retry-After",
                 .status = 429,
                 .has_retry_after = true,
                 .retry_after_usec = 7 * S,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = 7 * S},
                {.name = "429 without",
                 .status = 429,
                 .nature.is_repeatable = true,
                 .reaction = REACTION_REFUSED},
                {.name = "429 too often",
                 .status = 429,
                 .has_retry_after = true,
                 .retry_after_usec = S,
                 .tries.busy = BUSY_TRIES,
                 .reaction = REACTION_REFUSED},
                {.name = "503 with Retry-After",
                 .status = 503,
                 .has_retry_after = true,
                 .retry_after_usec = 2 * S,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = 2 * S},
                {.name = "503 without: nothing was done",
                 .status = 503,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = 100 * MS},
                {.name = "500 of what must not be repeated",
                 .status = 500,
                 .reaction = REACTION_REFUSED},
                {.name = "500 of what may",
                 .status = 500,
                 .nature.is_repeatable = true,
                 .tries.lost = 1,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = S},
                {.name = "500 too often",
                 .status = 500,
                 .nature.is_repeatable = true,
                 .tries.lost = LOST_TRIES,
                 .reaction = REACTION_REFUSED},
                {.name = "503 that says now",
                 .status = 503,
                 .has_retry_after = true,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = S},
                {.name = "502 of what must not be repeated: nobody knows",
                 .status = 502,
                 .reaction = REACTION_LOST},
                {.name = "504 of what must not be repeated: nobody knows",
                 .status = 504,
                 .reaction = REACTION_LOST},
                {.name = "504 of what may",
                 .status = 504,
                 .nature.is_repeatable = true,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = 100 * MS},
                {.name = "404 of what was named: not everywhere yet",
                 .status = 404,
                 .problem = malformed,
                 .nature = {.is_repeatable = true, .must_exist = true},
                 .reaction = REACTION_AGAIN,
                 .pause_usec = 100 * MS},
                {.name = "404 of what was named, with Retry-After",
                 .status = 404,
                 .nature = {.is_repeatable = true, .must_exist = true},
                 .has_retry_after = true,
                 .retry_after_usec = 3 * S,
                 .tries.lost = LOST_TRIES,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = 3 * S},
                {.name = "404 of what was named, too often",
                 .status = 404,
                 .nature = {.is_repeatable = true, .must_exist = true},
                 .tries.lost = LOST_TRIES,
                 .reaction = REACTION_REFUSED},
                {.name = "404 of what an earlier run has left",
                 .status = 404,
                 .nature.is_repeatable = true,
                 .reaction = REACTION_REFUSED},
                {.name = "404 that asks to come back",
                 .status = 404,
                 .has_retry_after = true,
                 .retry_after_usec = S,
                 .reaction = REACTION_REFUSED},
                {.name = "lost, unrepeatable", .result = HTTP_E_LOST, .reaction = REACTION_LOST},
                {.name = "lost, repeatable",
                 .result = HTTP_E_LOST,
                 .nature.is_repeatable = true,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = 100 * MS},
                {.name = "lost too often",
                 .result = HTTP_E_LOST,
                 .nature.is_repeatable = true,
                 .tries.lost = LOST_TRIES,
                 .reaction = REACTION_FAILED},
                {.name = "unreachable: nobody has seen it",
                 .result = HTTP_E_UNREACHABLE,
                 .reaction = REACTION_AGAIN,
                 .pause_usec = 100 * MS},
                {.name = "unreachable too often",
                 .result = HTTP_E_UNREACHABLE,
                 .tries.lost = LOST_TRIES,
                 .reaction = REACTION_FAILED},
                {.name = "timeout: once is long enough",
                 .result = HTTP_E_TIMEOUT,
                 .nature.is_repeatable = true,
                 .reaction = REACTION_FAILED},
                {.name = "untrusted",
                 .result = HTTP_E_UNTRUSTED,
                 .nature.is_repeatable = true,
                 .reaction = REACTION_FAILED},
                {.name = "too large",
                 .result = HTTP_E_REFUSED,
                 .nature.is_repeatable = true,
                 .reaction = REACTION_FAILED},
};

static void test_request_judge__table(void **state)
{
        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                const HttpReply reply = {.result = c->result, .status = c->status};
                _cleanup_(problem_freep) Problem *problem = NULL;
                Verdict v;

                if (c->problem)
                        assert_int_equal(problem_parse(c->problem, strlen(c->problem), &problem),
                                         0);
                v = request_judge(&reply,
                                  problem,
                                  c->nature,
                                  c->has_retry_after ? &c->retry_after_usec : NULL,
                                  &c->tries);
                assert_row(c->name, v.reaction == c->reaction);
                assert_row(c->name, v.pause_usec == c->pause_usec);
        }
}

/* Whatever the CA does, one request comes to an end. */
static void test_request_judge__ends(void **state)
{
        _cleanup_(problem_freep) Problem *problem = NULL;
        const RequestNature nature = {.is_repeatable = true};
        const HttpReply reply = {.status = 400};
        RequestTries tries = {};

        (void) state;
        assert_int_equal(problem_parse(bad_nonce, strlen(bad_nonce), &problem), 0);
        while (request_judge(&reply, problem, nature, NULL, &tries).reaction == REACTION_AGAIN)
                tries.bad_nonces++;
        assert_int_equal(tries.bad_nonces + 1, (BAD_NONCE_TRIES + 1) * BAD_NONCE_ROUNDS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_request_judge__table),
                        cmocka_unit_test(test_request_judge__ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
