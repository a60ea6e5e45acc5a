/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* libnftables: a command in JSON goes in, an array of answers or an error in words comes out. */

#include "firewall/plan.h"

/* A packet filter's rules are the administrator's; this is only so that a mistake has an end. */
#define NFT_ANSWER_MAX (16U * 1024U * 1024U)

typedef struct Nft Nft;

/* Return: 0; -EPROTONOSUPPORT, -EAFNOSUPPORT: the kernel has no netfilter, or the unit may not ask
 * for it; -errno. */
int nft_new(Nft **ret);
void nft_free(Nft *nft);
DEFINE_CLEANUP(Nft *, nft_free);

/* Each answers with the value of "nftables". Return: 0; NFT_E_REFUSED, and nft_error() says why;
 * -EBADMSG when the answer is not JSON as we know it; -EFBIG; -ENOMEM. */
enum {
        NFT_E_REFUSED = 1,
};
int nft_list_chains(Nft *nft, struct json_object **ret_items);
int nft_list_chain(Nft *nft, const ChainName *name, struct json_object **ret_items);
int nft_list_set(Nft *nft, const SetName *name, struct json_object **ret_items);

/* One transaction. Return: 0, NFT_E_REFUSED. */
int nft_commit(Nft *nft, const char *commands);

/* The first line of the last refusal, fit to be shown. */
const char *nft_error(const Nft *nft);
