/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The directory: the first request of a run, and the only one without a signature but newNonce. */

#include "client/directory-flow.h"

#include "client/reply.h"
#include "client/request.h"

int directory_admit(Client *c)
{
        int r;

        r = client_admit_url(c, c->directory->new_nonce);
        if (r == 0)
                r = client_admit_url(c, c->directory->new_account);
        return r == 0 ? client_admit_url(c, c->directory->new_order) : r;
}

/* The reply is no success, and the last one. */
static int fail_status(Client *c, const char *what, unsigned status)
{
        if (status != 404 && status != 410)
                return reply_fail_status(c, what, NULL, status);
        return failure_set_of_this_ca(
                        &c->failure,
                        EXIT_CONFIGURATION,
                        "Failed to %s: there is nothing at %s (HTTP status %u); see CA=",
                        what,
                        c->config->directory,
                        status);
}

int directory_send(Client *c)
{
        return http_start(c->http, &(HttpRequest){.method = HTTP_GET, .url = c->config->directory});
}

int directory_connect(Client *c)
{
        int r;

        r = http_new(c->config->trust, &c->http);
        if (r < 0 && c->config->trust && r != -ENOMEM && r != -ELIBACC)
                return failure_set(&c->failure,
                                   EXIT_CONFIGURATION,
                                   "Failed to read the certificates of Trust=%s: %s",
                                   c->config->trust,
                                   strerror(-r));
        return r < 0 ? r : directory_send(c);
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

                r = client_wait_for_reply(c, c->patience.deadline_usec, &reply);
                if (r != 0)
                        return r == -ETIMEDOUT ? client_fail_deadline(c) : r;
                has_retry_after = reply_retry_after(&reply, &retry_after_usec);
                verdict = request_judge(&reply,
                                        NULL,
                                        (RequestNature){.is_repeatable = true},
                                        has_retry_after ? &retry_after_usec : NULL,
                                        &tries);
                if (verdict.reaction == REACTION_DONE) {
                        (void) nonces_put(&c->nonces, reply.replay_nonce);
                        r = directory_parse(reply.body, reply.body_length, &c->directory, &field);
                        if (r == -EBADMSG)
                                return request_fail_malformed(c, what, field);
                        return r < 0 ? r : directory_admit(c);
                }
                if (verdict.reaction != REACTION_AGAIN ||
                    !client_put_off(c, verdict.pause_usec, &until_usec)) {
                        c->failure.retry_after_usec = retry_after_usec;
                        return reply.result == HTTP_DONE ? fail_status(c, what, reply.status)
                                                         : reply_fail(c, what, &reply);
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
