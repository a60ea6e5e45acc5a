/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is common to all requests: whom they may go to, how long they may wait, and the words for
 * what went wrong. */

#include "client/reply.h"

#include "acme/retry-after.h"
#include "acme/url.h"
#include "base/escape.h"

/* What a URL says is shown, and is a stranger's. */
static int fail_url(Client *c, ExitStatus status, const char *format, const char *url)
{
        _cleanup_free_ char *shown = escape_foreign(url, strlen(url), FOREIGN_TEXT_MAX);

        if (!shown)
                return -ENOMEM;
        return failure_set(&c->failure, status, "%s: %s", format, shown);
}

int client_admit_url(Client *c, const char *url)
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

int reply_fail(Client *c, const char *what, const HttpReply *reply)
{
        switch (reply->result) {
        case HTTP_E_UNTRUSTED:
                return failure_set_of_this_ca(
                                &c->failure,
                                EXIT_CONFIGURATION,
                                "Failed to %s: the CA's certificate is not trusted: %s; if it "
                                "is a CA "
                                "of your own, name its root certificate with Trust=, and see "
                                "that the clock is right",
                                what,
                                reply->error);
        case HTTP_E_UNREACHABLE:
                return failure_set_of_this_ca(&c->failure,
                                              EXIT_TRY_AGAIN,
                                              "Failed to %s: the CA cannot be reached: %s",
                                              what,
                                              reply->error);
        case HTTP_E_TIMEOUT:
                return failure_set_of_this_ca(&c->failure,
                                              EXIT_TRY_AGAIN,
                                              "Failed to %s: the CA does not answer in time: %s",
                                              what,
                                              reply->error);
        default:
                return failure_set_of_this_ca(&c->failure,
                                              EXIT_TRY_AGAIN,
                                              "Failed to %s: %s",
                                              what,
                                              reply->error);
        }
}

int reply_fail_status(Client *c, const char *what, const Problem *problem, unsigned status)
{
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text, "Failed to %s", what) < 0)
                return -ENOMEM;
        if (!problem && status >= 300 && status < 400)
                return failure_set_of_this_ca(
                                &c->failure,
                                EXIT_TRY_AGAIN,
                                "%s: the CA redirects (HTTP status %u), which is not followed; "
                                "see CA=",
                                text,
                                status);
        return failure_set_problem(&c->failure, text, problem, PROBLEM_AT_REQUEST, status);
}

bool reply_retry_after(const HttpReply *reply, usec_t *ret)
{
        *ret = 0;
        return reply->retry_after &&
               retry_after_parse(reply->retry_after, reply->date, now_realtime(), ret) == 0;
}

bool client_put_off(Client *c, usec_t pause_usec, usec_t *ret_not_before_usec)
{
        usec_t now_usec = now_monotonic();

        *ret_not_before_usec = now_usec + pause_usec;
        return patience_take(&c->patience, now_usec, *ret_not_before_usec);
}

int client_fail_deadline(Client *c)
{
        return failure_set_of_this_ca(
                        &c->failure,
                        EXIT_TRY_AGAIN,
                        "Gave up after %s; the next attempt goes on where this one ends",
                        FORMAT_TIMESPAN(c->patience.span_usec));
}
