/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Plans for the packet filter. An accept in one base chain does not stop another one from dropping
 * the packet, so that a table of our own would open nothing: what opens is a rule at the head of
 * each chain that may drop.
 *
 * Invariant: what is deleted carries our comment, and is deleted by handle; nothing is flushed,
 * replaced or moved, so that what others change in the meantime stays. */

#include <arpa/inet.h>

#include "firewall/comment.h"
#include "firewall/plan-internal.h"

/* tcp dport PORT accept, behind a match of the address where that is needed. */
#define RULE_FORMAT                                                                                \
        "{\"insert\":{\"rule\":{\"family\":%s,\"table\":%s,\"chain\":%s,"                          \
        "\"comment\":\"%s\",\"expr\":[%s"                                                          \
        "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":"         \
        "\"dport\"}},"                                                                             \
        "\"right\":%u}},{\"accept\":null}]}}}"
#define ADDRESS_FORMAT                                                                             \
        "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"%s\",\"field\":"          \
        "\"daddr\"}},"                                                                             \
        "\"right\":\"%s\"}},"
#define FAMILY_FORMAT                                                                              \
        "{\"match\":{\"op\":\"==\",\"left\":{\"meta\":{\"key\":\"nfproto\"}},\"right\":\"%s\"}},"
#define DELETE_FORMAT                                                                              \
        "{\"delete\":{\"rule\":{\"family\":%s,\"table\":%s,\"chain\":%s,\"handle\":%" PRIi64 "}}}"

/* The longest of the two matches above. */
#define MATCH_MAX 256U

static void command_done(PlanCommand *command)
{
        free(command->table);
        free(command->text);
}

void plan_done(Plan *plan)
{
        FOREACH_ARRAY (command, plan->commands, plan->n_commands)
                command_done(command);
        free(plan->commands);
        strv_free(plan->tables);
        strv_free(plan->opened);
        *plan = (Plan){};
}

int plan_add_command(Plan *plan, const char *family, const char *table, char *text)
{
        PlanCommand *commands, command = {.text = text};

        if (asprintf(&command.table, "%s %s", family, table) < 0) {
                free(text);
                return -ENOMEM;
        }
        commands = reallocarray(plan->commands, plan->n_commands + 1, sizeof(command));
        if (!commands) {
                command_done(&command);
                return -ENOMEM;
        }
        plan->commands = commands;
        plan->commands[plan->n_commands++] = command;
        if (strv_contains(plan->tables, command.table))
                return 0;
        return strv_append(&plan->tables, command.table);
}

static bool is_wildcard(const ListenAddress *a)
{
        return a->sa.sa_family == AF_INET ? a->in.sin_addr.s_addr == htonl(INADDR_ANY)
                                          : IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

/* Is the wildcard of the other family bound with the same port? */
static bool has_twin(const ListenAddress *address, const ListenAddress *all, size_t n)
{
        FOREACH_ARRAY (other, all, n)
                if (is_wildcard(other) && other->sa.sa_family != address->sa.sa_family &&
                    listen_address_port(other) == listen_address_port(address))
                        return true;
        return false;
}

/* What a rule in a chain of this family says of the packet's destination, beside the port: nothing
 * where every address that the chain sees is bound.
 * Return: 1 and the match, which may be ""; 0 when this address needs no rule there. */
static int format_match(const char *family,
                        const ListenAddress *address,
                        const ListenAddress *all,
                        size_t n,
                        char match[static MATCH_MAX])
{
        bool is_ipv4 = address->sa.sa_family == AF_INET, is_inet = streq(family, "inet");
        const void *bytes = is_ipv4 ? (const void *) &address->in.sin_addr
                                    : (const void *) &address->in6.sin6_addr;
        char number[INET6_ADDRSTRLEN];

        match[0] = 0;
        if (!is_inet && streq(family, "ip") != is_ipv4)
                return 0;
        if (!is_wildcard(address)) {
                if (!inet_ntop(address->sa.sa_family, bytes, number, sizeof(number)))
                        return 0;
                snprintf(match, MATCH_MAX, ADDRESS_FORMAT, is_ipv4 ? "ip" : "ip6", number);
        } else if (is_inet && has_twin(address, all, n))
                return is_ipv4; /* one rule for both, made when it is the turn of this one */
        else if (is_inet)
                snprintf(match, MATCH_MAX, FAMILY_FORMAT, is_ipv4 ? "ipv4" : "ipv6");
        return 1;
}

static int add_inserts(Plan *plan, const ChainName *name, const ListenAddress *addresses, size_t n)
{
        _cleanup_(quoted_name_done) QuotedName quoted = {};
        _cleanup_free_ char *opened = NULL;
        size_t before = plan->n_commands;
        int r;

        r = quoted_name_init(&quoted, name->family, name->table, name->chain);
        if (r < 0)
                return r;
        FOREACH_ARRAY (address, addresses, n) {
                char match[MATCH_MAX], *text;

                if (!format_match(name->family, address, addresses, n, match))
                        continue;
                if (asprintf(&text,
                             RULE_FORMAT,
                             quoted.family,
                             quoted.table,
                             quoted.name,
                             firewall_comment(),
                             match,
                             listen_address_port(address)) < 0)
                        return -ENOMEM;
                r = plan_add_command(plan, name->family, name->table, text);
                if (r < 0)
                        return r;
        }
        if (plan->n_commands == before)
                return 0;
        if (asprintf(&opened, "%s %s %s", name->family, name->table, name->chain) < 0)
                return -ENOMEM;
        return strv_append(&plan->opened, opened);
}

/* Every rule of ours in the chain. */
static int add_deletes(Plan *plan, const ChainName *name, struct json_object *rules)
{
        _cleanup_(quoted_name_done) QuotedName quoted = {};
        int r;

        r = quoted_name_init(&quoted, name->family, name->table, name->chain);
        for (size_t i = 0; r >= 0 && i < json_object_array_length(rules); i++) {
                int64_t handle = 0;
                char *text;

                r = chain_rule_is_ours(json_object_array_get_idx(rules, i), &handle);
                if (r <= 0)
                        continue;
                if (asprintf(&text,
                             DELETE_FORMAT,
                             quoted.family,
                             quoted.table,
                             quoted.name,
                             handle) < 0)
                        return -ENOMEM;
                r = plan_add_command(plan, name->family, name->table, text);
                plan->n_closed++;
        }
        return r < 0 ? r : 0;
}

typedef struct Planner {
        const ListenAddress *addresses; /* none: close */
        size_t n_addresses;
        ChainFetch fetch;
        void *userdata;
        Plan plan;
} Planner;

static int plan_chain(Planner *p, const ChainName *name, bool may_drop)
{
        _cleanup_json_ struct json_object *rules = NULL;
        int r;

        r = p->fetch(name, &rules, p->userdata);
        if (r < 0)
                return r;
        r = add_deletes(&p->plan, name, rules);
        if (r < 0 || p->n_addresses == 0)
                return r;
        if (!may_drop) {
                r = chain_may_drop(name, rules, p->fetch, p->userdata);
                if (r <= 0)
                        return r;
        }
        return add_inserts(&p->plan, name, p->addresses, p->n_addresses);
}

static int plan_chains(Planner *p, struct json_object *chains, Plan *ret)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_object_array_length(chains); i++) {
                ChainName name;
                bool policy_drops;

                r = chain_is_input_filter(json_object_array_get_idx(chains, i),
                                          &name,
                                          &policy_drops);
                if (r > 0)
                        r = plan_chain(p, &name, policy_drops);
        }
        if (r < 0) {
                plan_done(&p->plan);
                return r;
        }
        *ret = p->plan;
        return 0;
}

int plan_open(struct json_object *chains,
              const ListenAddress *addresses,
              size_t n_addresses,
              ChainFetch fetch,
              void *userdata,
              Plan *ret)
{
        return plan_chains(&(Planner){addresses, n_addresses, fetch, userdata, {}}, chains, ret);
}

int plan_close(struct json_object *chains, ChainFetch fetch, void *userdata, Plan *ret)
{
        return plan_chains(&(Planner){NULL, 0, fetch, userdata, {}}, chains, ret);
}

int plan_format(const Plan *plan, const char *table, char **ret)
{
        _cleanup_strv_free_ char **texts = NULL;
        _cleanup_free_ char *joined = NULL;
        int r;

        FOREACH_ARRAY (command, plan->commands, plan->n_commands) {
                if (table && !streq(table, command->table))
                        continue;
                r = strv_append(&texts, command->text);
                if (r < 0)
                        return r;
        }
        r = strv_join(texts, ",", &joined);
        if (r < 0)
                return r;
        return asprintf(ret, "{\"nftables\":[%s]}", joined) < 0 ? -ENOMEM : 0;
}
