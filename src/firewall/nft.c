/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one file that speaks to libnftables. */

#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

#include "base/escape.h"
#include "firewall/nft.h"
#include "firewall/quoted-name.h"

/* In front of what we want to know of an error. */
#define ERROR_WORD "Error: "

struct Nft {
        struct nft_ctx *context;
        char *error;
};

/* libnftables exits the process when there is no netfilter: so we look first. */
static int probe_netfilter(void)
{
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

        return fd < 0 ? -errno : 0;
}

int nft_new(Nft **ret)
{
        _cleanup_(nft_freep) Nft *nft = NULL;
        int r;

        r = probe_netfilter();
        if (r < 0)
                return r;
        nft = calloc(1, sizeof(*nft));
        if (!nft)
                return -ENOMEM;
        nft->context = nft_ctx_new(NFT_CTX_DEFAULT);
        if (!nft->context)
                return -ENOMEM;
        if (nft_ctx_buffer_output(nft->context) != 0 || nft_ctx_buffer_error(nft->context) != 0)
                return -ENOMEM;
        *ret = TAKE_PTR(nft);
        return 0;
}

void nft_free(Nft *nft)
{
        if (!nft)
                return;
        if (nft->context)
                nft_ctx_free(nft->context);
        free(nft->error);
        free(nft);
}

const char *nft_error(const Nft *nft)
{
        return nft->error ?: "no reason given";
}

/* "internal:0:0-0: Error: Could not process rule: Operation not permitted\n…" */
static void remember_error(Nft *nft)
{
        const char *text = nft_ctx_get_error_buffer(nft->context);
        const char *word = strstr(text, ERROR_WORD);

        if (word)
                text = word + strlen(ERROR_WORD);
        free(nft->error);
        nft->error = escape_foreign(text, strcspn(text, "\n"), FOREIGN_TEXT_MAX);
}

int nft_commit(Nft *nft, const char *commands)
{
        if (nft_run_cmd_from_buffer(nft->context, commands) == 0)
                return 0;
        remember_error(nft);
        return NFT_E_REFUSED;
}

/* The answer to one list command. flags: more of NFT_CTX_OUTPUT_*. */
static int list(Nft *nft, const char *command, unsigned flags, struct json_object **ret_items)
{
        _cleanup_json_ struct json_object *answer = NULL;
        struct json_object *items;
        const char *text;
        size_t length;
        int r;

        nft_ctx_output_set_flags(nft->context, NFT_CTX_OUTPUT_JSON | flags);
        r = nft_commit(nft, command);
        if (r != 0)
                return r;
        text = nft_ctx_get_output_buffer(nft->context);
        length = strlen(text);
        if (length > NFT_ANSWER_MAX)
                return -EFBIG;
        r = json_parse(text, length, &answer);
        if (r < 0)
                return r;
        if (!json_object_object_get_ex(answer, "nftables", &items) ||
            !json_object_is_type(items, json_type_array))
                return -EBADMSG;
        *ret_items = json_object_get(items);
        return 0;
}

int nft_list_chains(Nft *nft, struct json_object **ret_items)
{
        return list(nft, "{\"nftables\":[{\"list\":{\"chains\":null}}]}", 0, ret_items);
}

/* what: "chain" or "set". */
static int list_one(Nft *nft,
                    const char *what,
                    const char *family,
                    const char *table,
                    const char *name,
                    unsigned flags,
                    struct json_object **ret_items)
{
        _cleanup_(quoted_name_done) QuotedName quoted = {};
        _cleanup_free_ char *command = NULL;
        int r;

        r = quoted_name_init(&quoted, family, table, name);
        if (r < 0)
                return r;
        if (asprintf(&command,
                     "{\"nftables\":[{\"list\":{\"%s\":{\"family\":%s,\"table\":%s,\"name\":%s}}}]"
                     "}",
                     what,
                     quoted.family,
                     quoted.table,
                     quoted.name) < 0)
                return -ENOMEM;
        return list(nft, command, flags, ret_items);
}

int nft_list_chain(Nft *nft, const ChainName *name, struct json_object **ret_items)
{
        /* Handles are what rules are deleted by. Sets that rules look into may be block lists of a
         * hundred thousand elements: they are left out. */
        return list_one(nft,
                        "chain",
                        name->family,
                        name->table,
                        name->chain,
                        NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_TERSE,
                        ret_items);
}

int nft_list_set(Nft *nft, const SetName *name, struct json_object **ret_items)
{
        return list_one(nft, "set", name->family, name->table, name->set, 0, ret_items);
}
