/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How an order begins: with newOrder (section 7.4), or where an earlier run has left it, because a
 * CA counts how many are made. Nothing that is remembered is believed: the order is read, and
 * compared with what is wanted now. */

#include "acme/url.h"
#include "base/audit.h"
#include "base/log.h"
#include "client/authorization-flow.h"
#include "client/order-flow-internal.h"
#include "client/progress.h"
#include "client/reply.h"

/* Before a new order in the place of one whose reply was lost. */
#define LOST_PAUSE_USEC (100 * USEC_PER_MSEC)

/* For the order's own road, and for the message of a failure that may end it. */
static int set_url(OrderFlow *f, const char *url)
{
        int r;

        r = free_and_strdup(&f->url, url);
        return r == 0 ? free_and_strdup(&f->client->order, url) : r;
}

/* The first profile of the configuration that the CA offers; NULL in *ret: the CA's choice. */
static int choose_profile(Client *c, const char **ret)
{
        _cleanup_free_ char *wanted = NULL, *offered = NULL;
        int r;

        *ret = NULL;
        STRV_FOREACH (profile, c->config->profiles)
                if (strv_contains(c->directory->profiles, *profile)) {
                        *ret = *profile;
                        return 0;
                }
        if (!c->config->profiles)
                return 0;
        r = strv_join(c->config->profiles, " ", &wanted);
        if (r == 0 && c->directory->profiles)
                r = strv_join(c->directory->profiles, " ", &offered);
        if (r < 0)
                return r;
        if (c->config->profile_required)
                return failure_set(&c->failure,
                                   EXIT_CONFIGURATION,
                                   "The CA offers no profile of Profile=%s; it has: %s",
                                   wanted,
                                   offered ? offered : "none");
        log_notice("The CA offers no profile of Profile=%s; ordering what it likes (it has: %s)",
                   wanted,
                   offered ? offered : "none");
        return 0;
}

/* Is the order of the earlier run one to go on with? */
static int examine_resumed(OrderFlow *f)
{
        const Order *o = f->order;

        if (!order_is_for(o, f->client->about->identifiers))
                return order_flow_give_up(f, "it is for other names");
        if (f->client->about->is_order_outdated)
                return order_flow_give_up(f, "it is for another lifetime");
        if (o->profile && f->profile && !streq(o->profile, f->profile))
                return order_flow_give_up(f, "it is for another profile");
        if (o->status == ORDER_INVALID)
                return order_flow_give_up(f, "it is invalid");
        if ((o->status == ORDER_PENDING || o->status == ORDER_READY) &&
            o->expires_usec <= now_realtime())
                return order_flow_abandon(f, "it has expired");
        audit(AUDIT_ORDER_RESUMED,
              "Went on with the order of an earlier run",
              {AUDIT_ORDER, f->url},
              {AUDIT_CA, f->client->about->ca});
        return 0;
}

int order_flow_resume(OrderFlow *f)
{
        int r;

        progress("Looking at the order of an earlier run");
        f->is_resumed = true;
        r = choose_profile(f->client, &f->profile);
        if (r == 0)
                r = set_url(f, f->client->about->order);
        if (r == 0)
                r = order_flow_reread(f);
        return r != 0 ? r : examine_resumed(f);
}

static int audit_created(OrderFlow *f)
{
        _cleanup_free_ char *names = NULL;
        int r;

        r = strv_join(f->client->about->identifiers, " ", &names);
        if (r < 0)
                return r;
        audit(AUDIT_ORDER_CREATED,
              "Ordered a certificate",
              {AUDIT_ORDER, f->url},
              {AUDIT_IDENTIFIERS, names},
              {AUDIT_CA, f->client->about->ca});
        return 0;
}

static int understand_new(OrderFlow *f, const Request *q, const char *what)
{
        Client *c = f->client;
        int r;

        r = order_flow_take(f, q, what);
        if (r != 0)
                return r;
        /* Without a URL an order cannot be polled (section 7.4: it is in Location). */
        if (!q->reply.location || !acme_url_has_origin(q->reply.location, c->about->origins))
                return request_fail_malformed(c, what, "Location");
        if (!order_is_for(f->order, c->about->identifiers))
                return request_fail_malformed(c, what, "identifiers");
        r = set_url(f, q->reply.location);
        if (r == 0)
                r = signer_set_order(&c->signer, f->url);
        return r != 0 ? r : audit_created(f);
}

/* RFC 9773 section 5: it helps the CA, and is never worth an order. What would be refused without
 * it as well is no objection. */
static bool is_objection_to_replaces(const Request *q)
{
        return q->replaces && q->outcome == REQUEST_REFUSED &&
               !(q->problem && (problem_is(q->problem, "rateLimited") ||
                                problem_is(q->problem, "userActionRequired") ||
                                problem_is(q->problem, "invalidProfile") ||
                                problem_is(q->problem, "rejectedIdentifier")));
}

/* Section 7.4 has a CA refuse an order whose moments it does not like, and has no type for that:
 * who has asked for some has to know that they may be why. */
static int fail_new(Client *c, const Request *q, const char *what)
{
        _cleanup_strv_free_ char **lines = NULL;
        int r;

        if ((c->config->lifetime_usec == 0 && c->config->backdate_usec == 0) ||
            q->outcome != REQUEST_REFUSED || !q->problem || !problem_is(q->problem, "malformed"))
                return request_fail(c, q, what);
        r = problem_format(q->problem, &lines);
        if (r < 0)
                return r;
        return failure_set(&c->failure,
                           EXIT_CONFIGURATION,
                           "Failed to %s with Lifetime= or Backdate=, which many CAs do not take; "
                           "change them or leave them out: %s",
                           what,
                           lines[0]);
}

int order_flow_create(OrderFlow *f)
{
        static const char what[] = "order a certificate";
        Client *c = f->client;
        bool replaces = c->directory->renewal_info && c->about->renewal_id;
        int r;

        progress("Ordering a certificate for " PROGRESS_NAMES,
                 PROGRESS_NAMES_ARGS(strv_length(c->about->identifiers)));
        r = choose_profile(c, &f->profile);
        if (r != 0)
                return r;
        for (unsigned tries = 0;;) {
                _cleanup_request_ Request q = {.kind = REQUEST_NEW_ORDER,
                                               .url = c->directory->new_order,
                                               .replaces = replaces,
                                               .profile = f->profile};
                usec_t until_usec;

                r = requests_perform(c, &q, 1);
                if (r != 0)
                        return r;
                if (q.outcome == REQUEST_DONE)
                        return understand_new(f, &q, what);
                if (request_lacks_account(&q))
                        return CLIENT_E_NO_ACCOUNT;
                if (is_objection_to_replaces(&q)) {
                        log_notice("The CA does not take the live certificate as the one to be "
                                   "replaced; ordering without saying so");
                        replaces = false;
                        continue;
                }
                /* An order whose URL was lost cannot be found again; it costs nothing but a place.
                 */
                if (q.outcome != REQUEST_LOST || tries++ > 0 ||
                    !client_put_off(c, LOST_PAUSE_USEC, &until_usec))
                        return fail_new(c, &q, what);
                r = requests_pause(c, until_usec);
                if (r != 0)
                        return r;
        }
}
