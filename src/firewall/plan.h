/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From what the packet filter is now to the commands that open it for the web root, or close it
 * again: libnftables-json(5) goes in and comes out, and there is no I/O. */

#include "base/strv.h"
#include "config/config.h"
#include "firewall/chain.h"

/* The kernel takes an element out of its set by itself after that, whatever has become of us. A
 * lease of a renewal lasts half of it at most; that of acme-stateless.service has no end, and one
 * after the other may follow without a gap: acme-firewall-prolong.timer comes three times in it. */
#define FIREWALL_ELEMENT_TIMEOUT_SEC 3600

typedef struct PlanCommand {
        char *table; /* "inet filter" */
        char *text;  /* {"insert": …} */
} PlanCommand;

typedef struct Plan {
        PlanCommand *commands;
        size_t n_commands;
        char **tables;   /* those that are changed, each once */
        char **opened;   /* "inet filter input": chains that get a rule, or the set */
        size_t n_closed; /* rules or elements of ours that are taken out */
} Plan;
void plan_done(Plan *plan);
#define _cleanup_plan_ _cleanup_(plan_done)

/* chains: the value of "nftables" in the answer to "list chains". Plans rules at the head of each
 * chain of family inet, ip or ip6 that hooks input with type filter and can drop: one for a port,
 * and more only where not all addresses of the machine are bound. Rules of ours that are there
 * already are replaced.
 * Return: 0; -EBADMSG when the ruleset is not as libnftables writes it; what fetch returned;
 * -ENOMEM. ret is to be done with plan_done() only after 0. */
int plan_open(struct json_object *chains,
              const ListenAddress *addresses,
              size_t n_addresses,
              ChainFetch fetch,
              void *userdata,
              Plan *ret);

/* Plans to take out every rule of ours. Return: as above. */
int plan_close(struct json_object *chains, ChainFetch fetch, void *userdata, Plan *ret);

/* A set of the administrator's, from the configuration. */
typedef struct SetName {
        const char *family;
        const char *table;
        const char *set;
} SetName;

/* Plans one element per port in a set. items: the value of "nftables" in the answer to "list set".
 * A port that stands in it already, without our comment, is left as it is.
 * Return: 0; PLAN_E_*; -EBADMSG; -ENOMEM. */
enum {
        PLAN_E_SET_TYPE = 1,    /* it is not of type inet_service */
        PLAN_E_SET_TIMEOUT = 2, /* it lacks "flags timeout" */
};
int plan_set_open(const SetName *name,
                  struct json_object *items,
                  const ListenAddress *addresses,
                  size_t n_addresses,
                  Plan *ret);

/* Plans to take out every element of ours. Return: 0, -EBADMSG, -ENOMEM. */
int plan_set_close(const SetName *name, struct json_object *items, Plan *ret);

/* Plans to give every element of ours its whole time again, and nothing when there is none. Return:
 * 0, -EBADMSG, -ENOMEM. */
int plan_set_prolong(const SetName *name, struct json_object *items, Plan *ret);

/* The plan's commands as the text that nft_run_cmd_from_buffer() takes: one transaction. table:
 * only those that concern it; NULL: all. Return: 0, -ENOMEM. */
int plan_format(const Plan *plan, const char *table, char **ret);
