/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What "list chains" and "list chain" of libnftables-json(5) tell about one chain. */

#include "json/json.h"

/* Rules jump at most this deep: NFT_JUMP_STACK_SIZE of the kernel. */
#define CHAIN_JUMP_DEPTH_MAX 16U

typedef struct ChainName {
        const char *family;
        const char *table;
        const char *chain;
} ChainName;

/* The rules of one chain as "list chain" tells them: the value of "nftables", an array.
 * Return: 0; -ENOENT when the chain has gone meanwhile; -errno. */
typedef int (*ChainFetch)(const ChainName *name, struct json_object **ret, void *userdata);

/* item: one element of the answer to "list chains". Does packets for this machine pass through it
 * (family inet, ip or ip6, type filter, hook input)? The names are borrowed from item.
 * Return: 0 no, and nothing is written; 1 yes; -EBADMSG when it is not as libnftables writes it. */
int chain_is_input_filter(struct json_object *item, ChainName *ret_name, bool *ret_policy_drops);

/* item: one element of the answer to "list chain".
 * Return: 0 it is no rule of ours; 1 it is; -EBADMSG. */
int chain_rule_is_ours(struct json_object *item, int64_t *ret_handle);

/* Can a packet end here by a rule of the chain, or of one that is reachable from it? What we do not
 * know can: statements that are newer than we are, targets of xtables, verdict maps. Return: 0 no,
 * 1 yes, -EBADMSG, what fetch returned. */
int chain_may_drop(const ChainName *name,
                   struct json_object *rules,
                   ChainFetch fetch,
                   void *userdata);
