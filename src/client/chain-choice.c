/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which chain to install, where a CA has several for one certificate (section 7.4.2) and
 * PreferredChain= says which is wanted. The signer looks at each as it would at the one that it is
 * to install, and says how well it fits; nothing is concluded from a chain here. The first one is
 * there already: what goes wrong with the others is told, and is no failure. */

#include "acme/url.h"
#include "base/log.h"
#include "client/order-flow-internal.h"

/* The best so far. */
typedef struct ChainChoice {
        int preference; /* -1: none has passed */
        char *chain;
} ChainChoice;

bool reply_is_pem(const HttpReply *reply)
{
        return !memchr(reply->body, '\0', reply->body_length) &&
               strstr(reply->body, "-----BEGIN CERTIFICATE-----");
}

/* chain: taken when it is better than what is there, which it replaces then. */
static int consider(Client *c, ChainChoice *choice, char **chain)
{
        _cleanup_free_ char *reason = NULL;
        int preference, r;

        r = signer_weigh_chain(&c->signer, *chain, &preference, &reason);
        if (r == CLIENT_E_CHAIN_REFUSED) {
                log_notice("One of the CA's chains is none that could be installed: %s", reason);
                return 0;
        }
        if (r == 0 && preference > choice->preference) {
                free(choice->chain);
                *choice = (ChainChoice){preference, TAKE_PTR(*chain)};
        }
        return r;
}

/* What is wrong with one of the others is told, and no more. */
static int pass_over(Client *c, int why)
{
        return why == CLIENT_E_FAILED ? requests_forgive(c) : why;
}

static int look_at(OrderFlow *f, const char *url, ChainChoice *choice)
{
        static const char what[] = "get another chain of the certificate";
        _cleanup_request_ Request q = {.kind = REQUEST_FETCH,
                                       .url = url,
                                       .wants_chain = true,
                                       .may_be_gone = true};
        Client *c = f->client;
        int r;

        r = requests_perform(c, &q, 1);
        if (r != 0)
                return pass_over(c, r);
        if (q.outcome != REQUEST_DONE)
                return pass_over(c, request_fail(c, &q, what));
        if (!reply_is_pem(&q.reply))
                return pass_over(c, request_fail_malformed(c, what, "no certificate"));
        return consider(c, choice, &q.reply.body);
}

static int look_at_all(OrderFlow *f, char *const *urls, ChainChoice *choice)
{
        int r = 0;

        for (; r == 0 && urls && *urls && choice->preference < SIGNER_CHAIN_PREFERRED; urls++) {
                if (acme_url_has_origin(*urls, f->client->about->origins))
                        r = look_at(f, *urls, choice);
                else
                        log_notice("One of the CA's other chains is passed over: its URL is not "
                                   "the CA's");
        }
        return r;
}

int chain_choose(OrderFlow *f, HttpReply *reply, char **ret)
{
        ChainChoice choice = {.preference = -1};
        _cleanup_strv_free_ char **urls = TAKE_PTR(reply->alternates);
        _cleanup_free_ char *first = TAKE_PTR(reply->body);
        int r = 0;

        if (f->client->config->preferred_chain) {
                r = consider(f->client, &choice, &first);
                if (r == 0)
                        r = look_at_all(f, urls, &choice);
        }
        if (r != 0) {
                free(choice.chain);
                return r;
        }
        /* None passes: the first one is what the signer says why of. */
        *ret = choice.chain ? choice.chain : TAKE_PTR(first);
        return 0;
}
