/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two requests without a signature: the directory, and what it says about this certificate. One
 * try each: it is asked several times a day, and nothing is lost when it is not answered. */

#include "client/renewal-flow.h"

#include "acme/url.h"
#include "base/log.h"
#include "client/authority.h"
#include "client/progress.h"
#include "client/reply.h"

/* A CA that has no renewal information may have some tomorrow. */
#define NONE_AGAIN_USEC USEC_PER_DAY

typedef struct Ask {
        Client *client;
        usec_t deadline_usec;    /* monotonic */
        usec_t retry_after_usec; /* of the last reply; 0: none */
        RenewalInfo *info;       /* NULL: the CA has not told */
} Ask;

/* Return: 0; -ENODATA when there is no answer, which has been logged; as every step. */
static int get(Ask *a, const char *url, HttpReply *ret)
{
        int r;

        r = http_start(a->client->http, &(HttpRequest){.method = HTTP_GET, .url = url});
        if (r == 0)
                r = client_wait_for_reply(a->client, a->deadline_usec, ret);
        if (r == -ETIMEDOUT) {
                log_notice("The CA %s did not say in time when to renew", a->client->about->ca);
                return -ENODATA;
        }
        if (r != 0)
                return r;
        (void) reply_retry_after(ret, &a->retry_after_usec);
        if (ret->result == HTTP_DONE && ret->status == 200)
                return 0;
        if (ret->result == HTTP_DONE)
                log_notice("The CA %s did not say when to renew: HTTP status %u",
                           a->client->about->ca,
                           ret->status);
        else
                log_notice("The CA %s did not say when to renew: %s",
                           a->client->about->ca,
                           ret->error);
        return -ENODATA;
}

static int passed_over(const Ask *a, const char *what, const char *field)
{
        log_notice("Passing over the %s of the CA %s, which is not as it should be%s%s",
                   what,
                   a->client->about->ca,
                   field && *field ? ": " : "",
                   field ? field : "");
        return -ENODATA;
}

/* Return: as get(). */
static int get_directory(Ask *a)
{
        _cleanup_http_reply_ HttpReply reply = {};
        Client *c = a->client;
        const char *field;
        int r;

        r = get(a, c->config->directory, &reply);
        if (r != 0)
                return r;
        r = directory_parse(reply.body, reply.body_length, &c->directory, &field);
        return r == -EBADMSG ? passed_over(a, "directory", field) : r;
}

/* Section 4.1: the certificate's name is one more segment of the path. */
static char *make_url(const Client *c)
{
        const char *base = c->directory->renewal_info;
        size_t length = strlen(base);
        char *url;

        if (length > 0 && base[length - 1] == '/')
                length--;
        return asprintf(&url, "%.*s/%s", (int) length, base, c->about->renewal_id) < 0 ? NULL : url;
}

/* Return: as get(). */
static int get_info(Ask *a)
{
        _cleanup_http_reply_ HttpReply reply = {};
        _cleanup_free_ char *url = NULL;
        Client *c = a->client;
        const char *field;
        int r;

        if (!c->directory->renewal_info) {
                a->retry_after_usec = NONE_AGAIN_USEC;
                return -ENODATA;
        }
        url = make_url(c);
        if (!url)
                return -ENOMEM;
        if (!acme_url_has_origin(url, c->about->origins))
                return passed_over(a, "directory", "renewalInfo");
        r = get(a, url, &reply);
        if (r != 0)
                return r;
        r = renewal_info_parse(reply.body, reply.body_length, &a->info, &field);
        return r == -EBADMSG ? passed_over(a, "renewal information", field) : r;
}

static int tell_signer(Ask *a)
{
        Client *c = a->client;
        bool is_due = false;
        int r;

        r = signer_set_renewal_info(&c->signer,
                                    a->info,
                                    a->retry_after_usec,
                                    &is_due,
                                    &c->about->renew_at_usec);
        if (r == 0 && is_due)
                c->about->due = due_reason_to_string(DUE_RENEWAL_INFO);
        return r;
}

bool renewal_flow_can_ask(const Client *c)
{
        return !c->http || (c->directory && c->nonces_under_way == 0);
}

int renewal_flow_ask(Client *c)
{
        Ask ask = {
                        .client = c,
                        .deadline_usec = now_monotonic() + RENEWAL_INFO_TIMEOUT_USEC,
        };
        int r;

        progress("Asking the CA %s when to renew", c->about->ca);
        r = c->http ? 0 : http_new(c->config->trust, &c->http);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                log_notice("The CA %s cannot be asked when to renew: %s",
                           c->about->ca,
                           strerror(-r));
                r = -ENODATA;
        }
        if (r == 0 && !c->directory)
                r = get_directory(&ask);
        if (r == 0)
                r = get_info(&ask);
        /* What is under way still is not to be taken for another reply. */
        if (r == -ENODATA)
                authority_put_away(c);
        if (r == 0 || r == -ENODATA)
                r = tell_signer(&ask);
        renewal_info_free(ask.info);
        return r;
}
