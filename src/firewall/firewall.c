/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One opening or closing of the packet filter: look, plan, commit, and say what was done. */

#include "firewall/firewall.h"
#include "base/audit.h"
#include "base/log.h"
#include "firewall/comment.h"
#include "firewall/nft.h"

/* The ruleset may change between our look at it and our transaction, by a reload for instance; then
 * the look is taken again, but not for ever. */
#define FIREWALL_TRIES 4U

/* For messages; names longer than nftables takes are cut. */
#define SET_NAME_MAX 512U

typedef struct Firewall {
        const ListenAddress *addresses;
        size_t n_addresses; /* 0: close */
        const char *listen; /* the addresses, in words; NULL to close */
        Nft *nft;
} Firewall;

/* The challenge goes on, and a person learns what to open. */
static void report_unavailable(const Firewall *f, const char *where, const char *reason)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (f->n_addresses > 0)
                r = asprintf(&message,
                             "Cannot open %s in %s: %s. If the CA cannot reach this machine, let "
                             "TCP connections to it through, or see [Firewall] in acme.conf(5)",
                             f->listen,
                             where,
                             reason);
        else
                r = asprintf(&message,
                             "Cannot take what has the comment \"%s\" out of %s: %s. Remove it "
                             "with "
                             "nft(8)",
                             firewall_comment(),
                             where,
                             reason);
        if (r < 0)
                log_oom();
        else
                audit(AUDIT_FIREWALL_UNAVAILABLE,
                      message,
                      {AUDIT_OPERATION, f->n_addresses > 0 ? "open" : "close"},
                      {AUDIT_ADDRESS, f->listen},
                      {AUDIT_REASON, reason});
}

static void report_opened(const Firewall *f, char *const *places)
{
        _cleanup_free_ char *message = NULL, *list = NULL;

        if (strv_length(places) == 0)
                return;
        if (strv_join(places, ", ", &list) < 0 ||
            asprintf(&message, "Opened %s in %s", f->listen, list) < 0)
                log_oom();
        else
                audit(AUDIT_FIREWALL_OPENED,
                      message,
                      {AUDIT_OPERATION, "open"},
                      {AUDIT_ADDRESS, f->listen});
}

static void report_closed(size_t n)
{
        char message[96];

        if (n == 0)
                return;
        snprintf(message, sizeof(message), "Took %zu of our openings out of the packet filter", n);
        audit(AUDIT_FIREWALL_CLOSED, message, {AUDIT_OPERATION, "close"});
}

static void report_done(const Firewall *f, const Plan *plan)
{
        if (f->n_addresses == 0)
                report_closed(plan->n_closed);
        else if (strv_length(plan->opened) == 0)
                log_info("Nothing is to be opened in the packet filter for %s", f->listen);
        else
                report_opened(f, plan->opened);
}

static int fetch_chain(const ChainName *name, struct json_object **ret, void *userdata)
{
        int r = nft_list_chain(userdata, name, ret);

        return r > 0 ? -ENOENT : r;
}

/* Return: 0; NFT_E_REFUSED; -ENOENT when a chain went away meanwhile; -errno. */
static int look_and_plan(const Firewall *f, Plan *ret)
{
        _cleanup_json_ struct json_object *chains = NULL;
        int r;

        r = nft_list_chains(f->nft, &chains);
        if (r != 0)
                return r;
        if (f->n_addresses == 0)
                return plan_close(chains, fetch_chain, f->nft, ret);
        return plan_open(chains, f->addresses, f->n_addresses, fetch_chain, f->nft, ret);
}

/* table: as in plan_format(). Return: 0, NFT_E_REFUSED, -ENOMEM. */
static int commit(const Firewall *f, const Plan *plan, const char *table)
{
        _cleanup_free_ char *commands = NULL;
        int r;

        r = plan_format(plan, table, &commands);
        if (r < 0)
                return r;
        return nft_commit(f->nft, commands);
}

/* Some program owns its table (firewalld does) and the kernel refuses others' changes to it, and
 * with it our whole transaction: the other tables are opened all the same. */
static int commit_by_table(const Firewall *f, const Plan *plan)
{
        _cleanup_strv_free_ char **opened = NULL;

        STRV_FOREACH (table, plan->tables) {
                int r = commit(f, plan, *table);

                if (r < 0)
                        return r;
                if (r > 0) {
                        report_unavailable(f, *table, nft_error(f->nft));
                        continue;
                }
                STRV_FOREACH (place, plan->opened) {
                        const char *rest = startswith(*place, *table);

                        if (rest && *rest == ' ' && strv_append(&opened, *place) < 0)
                                return -ENOMEM;
                }
        }
        report_opened(f, opened);
        return 0;
}

static int change_rules(const Firewall *f)
{
        int r = 0;

        for (unsigned i = 1; i <= FIREWALL_TRIES; i++) {
                _cleanup_plan_ Plan plan = {};

                r = look_and_plan(f, &plan);
                if (r == -ENOENT)
                        continue;
                if (r > 0) {
                        report_unavailable(f, "the packet filter", nft_error(f->nft));
                        return 0;
                }
                if (r < 0)
                        return r;
                r = plan.n_commands > 0 ? commit(f, &plan, NULL) : 0;
                if (r > 0 && i == FIREWALL_TRIES)
                        return commit_by_table(f, &plan);
                if (r == 0)
                        report_done(f, &plan);
                if (r <= 0)
                        return r;
        }
        report_unavailable(f, "the packet filter", "it changes all the time");
        return 0;
}

/* Return: 0; 1 when it cannot be, *ret_reason says why; -errno. */
static int
look_and_plan_set(const Firewall *f, const SetName *name, Plan *ret, const char **ret_reason)
{
        _cleanup_json_ struct json_object *items = NULL;
        int r;

        r = nft_list_set(f->nft, name, &items);
        *ret_reason = nft_error(f->nft);
        if (r != 0)
                return r;
        if (f->n_addresses == 0)
                return plan_set_close(name, items, ret);
        r = plan_set_open(name, items, f->addresses, f->n_addresses, ret);
        if (r == PLAN_E_SET_TYPE)
                *ret_reason = "the set is not of type inet_service";
        else if (r == PLAN_E_SET_TIMEOUT)
                *ret_reason = "the set lacks \"flags timeout\"";
        return r > 0 ? 1 : r;
}

static int change_set(const Firewall *f, const Config *config)
{
        const SetName name = {config->set_family, config->set_table, config->set_name};
        const char *reason = NULL;
        char where[SET_NAME_MAX];
        int r = 0;

        for (unsigned i = 1; i <= FIREWALL_TRIES; i++) {
                _cleanup_plan_ Plan plan = {};

                r = look_and_plan_set(f, &name, &plan, &reason);
                if (r > 0)
                        break;
                if (r == 0 && plan.n_commands > 0)
                        r = commit(f, &plan, NULL);
                if (r == 0)
                        report_done(f, &plan);
                if (r <= 0)
                        return r;
                reason = nft_error(f->nft);
        }
        snprintf(where, sizeof(where), "the set %s %s %s", name.family, name.table, name.set);
        /* A set that has gone holds nothing of ours. */
        if (f->n_addresses > 0)
                report_unavailable(f, where, reason);
        return 0;
}

static int change(Firewall *f, const Config *config)
{
        _cleanup_(nft_freep) Nft *nft = NULL;
        int r;

        r = nft_new(&nft);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                if (f->n_addresses > 0)
                        report_unavailable(f, "the packet filter", strerror(-r));
                return 0;
        }
        f->nft = nft;
        if (config && config->firewall_mode == FIREWALL_SET) {
                r = change_set(f, config);
                if (r < 0)
                        return r;
        }
        if (f->n_addresses == 0 || config->firewall_mode == FIREWALL_AUTO)
                return change_rules(f);
        return 0;
}

int firewall_open(const Config *config,
                  const ListenAddress *addresses,
                  size_t n_addresses,
                  const char *listen)
{
        assert(n_addresses > 0);
        if (config->firewall_mode == FIREWALL_OFF)
                return 0;
        return change(&(Firewall){addresses, n_addresses, listen, NULL}, config);
}

int firewall_close(const Config *config)
{
        return change(&(Firewall){}, config);
}

/* Return: 0; 1 when the packet filter refuses, again and again; -errno. */
static int prolong_in(Nft *nft, const SetName *name)
{
        Firewall f = {.nft = nft};
        int r = 0;

        for (unsigned i = 1; i <= FIREWALL_TRIES; i++) {
                _cleanup_json_ struct json_object *items = NULL;
                _cleanup_plan_ Plan plan = {};

                r = nft_list_set(nft, name, &items);
                if (r == 0)
                        r = plan_set_prolong(name, items, &plan);
                if (r == 0 && plan.n_commands > 0)
                        r = commit(&f, &plan, NULL);
                if (r <= 0)
                        return r;
        }
        return r;
}

int firewall_prolong(const Config *config)
{
        const SetName name = {config->set_family, config->set_table, config->set_name};
        _cleanup_(nft_freep) Nft *nft = NULL;
        int r;

        if (config->firewall_mode != FIREWALL_SET)
                return 0;
        r = nft_new(&nft);
        /* Whichever of them is open. */
        for (unsigned use = 0; r == 0 && use < FIREWALL_USES; use++) {
                firewall_choose(use);
                r = prolong_in(nft, &name);
        }
        if (r <= 0)
                return r;
        log_warning("Failed to prolong the opening in the set %s %s %s: %s",
                    name.family,
                    name.table,
                    name.set,
                    nft_error(nft));
        return 0;
}
