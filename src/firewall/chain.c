/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads chains. The text comes from libnftables and so from whoever may change the packet filter,
 * uid 0: it is not hostile, but it is of many versions and many programs, so that everything that
 * is not known to be harmless counts as dropping. An opening too many ends with the lease; one too
 * few makes the CA fail. */

#include "firewall/chain.h"

#include "firewall/comment.h"

typedef struct ChainItem {
        const char *family, *table, *name;
        const char *type, *hook, *policy; /* NULL: no base chain */
} ChainItem;

static const JsonField chain_fields[] = {
                {"family", JSON_STRING, offsetof(ChainItem, family), .flags = JSON_MANDATORY},
                {"table", JSON_STRING, offsetof(ChainItem, table), .flags = JSON_MANDATORY},
                {"name", JSON_STRING, offsetof(ChainItem, name), .flags = JSON_MANDATORY},
                {"type", JSON_STRING, offsetof(ChainItem, type)},
                {"hook", JSON_STRING, offsetof(ChainItem, hook)},
                {"policy", JSON_STRING, offsetof(ChainItem, policy)},
                {},
};

typedef struct RuleItem {
        int64_t handle;
        const char *comment;
        struct json_object *expr;
} RuleItem;

static const JsonField rule_fields[] = {
                {"handle", JSON_INTEGER, offsetof(RuleItem, handle), .flags = JSON_MANDATORY},
                {"comment", JSON_STRING, offsetof(RuleItem, comment)},
                {"expr", JSON_ARRAY, offsetof(RuleItem, expr)},
                {},
};

/* Statements after which a packet goes on, or is accepted. */
static const char *const harmless[] = {
                "accept",
                "continue",
                "counter",
                "ct count",
                "ct expectation",
                "ct helper",
                "ct timeout",
                "last",
                "limit",
                "log",
                "mangle",
                "match",
                "meter",
                "notrack",
                "quota",
                "return",
                "set",
};

static const char *const families[] = {"inet", "ip", "ip6"};

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
        FOREACH_ARRAY (item, list, n)
                if (streq(word, *item))
                        return true;
        return false;
}

int chain_is_input_filter(struct json_object *item, ChainName *ret_name, bool *ret_policy_drops)
{
        struct json_object *object;
        ChainItem chain = {};

        if (!json_object_object_get_ex(item, "chain", &object))
                return 0;
        if (json_dispatch(object, chain_fields, &chain, JSON_ALLOW_UNKNOWN, NULL) < 0)
                return -EBADMSG;
        if (!streq_ptr(chain.hook, "input") || !streq_ptr(chain.type, "filter") ||
            !is_one_of(chain.family, families, ELEMENTSOF(families)))
                return 0;
        *ret_name = (ChainName){chain.family, chain.table, chain.name};
        *ret_policy_drops = !streq_ptr(chain.policy, "accept");
        return 1;
}

/* Return: 0 it is no rule, 1, -EBADMSG. */
static int parse_rule(struct json_object *item, RuleItem *ret)
{
        struct json_object *object;

        *ret = (RuleItem){};
        if (!json_object_object_get_ex(item, "rule", &object))
                return 0;
        if (json_dispatch(object, rule_fields, ret, JSON_ALLOW_UNKNOWN, NULL) < 0)
                return -EBADMSG;
        return 1;
}

int chain_rule_is_ours(struct json_object *item, int64_t *ret_handle)
{
        RuleItem rule;
        int r = parse_rule(item, &rule);

        if (r <= 0)
                return r;
        if (!streq_ptr(rule.comment, firewall_comment()))
                return 0;
        *ret_handle = rule.handle;
        return 1;
}

/* A walk over the chains that are reachable from one. */
typedef struct Walk {
        ChainName chain; /* family and table are the same for all: rules cannot leave their table */
        ChainFetch fetch;
        void *userdata;
        struct json_object *seen; /* names as members */
} Walk;

static int walk_rules(Walk *walk, struct json_object *rules, unsigned depth);

static int walk_chain(Walk *walk, const char *chain, unsigned depth)
{
        _cleanup_json_ struct json_object *rules = NULL;
        ChainName name = {walk->chain.family, walk->chain.table, chain};
        int r;

        if (json_object_object_get_ex(walk->seen, chain, NULL))
                return 0;
        if (depth >= CHAIN_JUMP_DEPTH_MAX)
                return 1;
        r = json_add(walk->seen, chain, json_object_new_boolean(true));
        if (r < 0)
                return r;
        r = walk->fetch(&name, &rules, walk->userdata);
        if (r < 0)
                return r;
        return walk_rules(walk, rules, depth + 1);
}

/* statement: {"accept": null}, {"jump": {"target": "x"}}, … */
static int walk_statement(Walk *walk, struct json_object *statement, unsigned depth)
{
        struct json_object *target, *type;

        if (!json_object_is_type(statement, json_type_object))
                return -EBADMSG;
        json_object_object_foreach (statement, word, value) {
                if (streq(word, "jump") || streq(word, "goto")) {
                        if (!json_object_object_get_ex(value, "target", &target) ||
                            !json_object_is_type(target, json_type_string))
                                return -EBADMSG;
                        return walk_chain(walk, json_object_get_string(target), depth);
                }
                /* iptables-nft: a match lets the packet go on or to the next rule. */
                if (streq(word, "xt") && json_object_object_get_ex(value, "type", &type) &&
                    streq_ptr(json_object_get_string(type), "match"))
                        continue;
                if (!is_one_of(word, harmless, ELEMENTSOF(harmless)))
                        return 1;
        }
        return 0;
}

static int walk_rules(Walk *walk, struct json_object *rules, unsigned depth)
{
        for (size_t i = 0; i < json_object_array_length(rules); i++) {
                RuleItem rule;
                int r = parse_rule(json_object_array_get_idx(rules, i), &rule);

                if (r < 0)
                        return r;
                for (size_t k = 0; r > 0 && rule.expr && k < json_object_array_length(rule.expr);
                     k++) {
                        int q = walk_statement(walk,
                                               json_object_array_get_idx(rule.expr, k),
                                               depth);

                        if (q != 0)
                                return q;
                }
        }
        return 0;
}

int chain_may_drop(const ChainName *name,
                   struct json_object *rules,
                   ChainFetch fetch,
                   void *userdata)
{
        _cleanup_json_ struct json_object *seen = json_object_new_object();
        Walk walk = {*name, fetch, userdata, seen};
        int r;

        r = json_add(seen, name->chain, json_object_new_boolean(true));
        if (r < 0)
                return r;
        return walk_rules(&walk, rules, 0);
}
