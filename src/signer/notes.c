/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the signer remembers for a client, which has no file of its own: the account's URL and the
 * order under way. Both come from a peer, so that they have to be URLs of the CA's; and both are
 * caches, so that to forget them costs a request and no more. */

#include "acme/url.h"
#include "base/audit.h"
#include "signer/peer.h"
#include "signer/policy.h"

const JsonField account_fields[] = {
                {"account",
                 JSON_STRING,
                 offsetof(UrlParameter, value),
                 ACME_URL_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

const JsonField order_fields[] = {
                {"order",
                 JSON_STRING,
                 offsetof(UrlParameter, value),
                 ACME_URL_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

/* What each method that only remembers something begins with. */
static int admit_note(Signer *signer, VarlinkCall *call, const char *url)
{
        int r;

        peer_acts(call);
        r = policy_admit(signer, call);
        if (r == 0 && url)
                r = policy_admit_url(signer, call, url);
        return r;
}

int method_set_account(VarlinkCall *call, const void *parameters, void *userdata)
{
        const UrlParameter *p = parameters;
        Signer *signer = userdata;
        EVP_PKEY *key;
        int r;

        r = admit_note(signer, call, p->value);
        if (r != 0)
                return MIN(r, 0);
        r = signer_account_key(signer, &key);
        if (r == 0)
                r = account_set_url(signer->account, p->value);
        if (r < 0)
                return MIN(policy_store_failed(call,
                                               r,
                                               "Failed to write the account's URL to " ACCOUNTS_PATH
                                               "/%s",
                                               signer->config->ca),
                           0);
        audit(AUDIT_ACCOUNT_REGISTERED,
              "The CA knows the account",
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ACCOUNT, p->value});
        return varlink_reply(call, NULL);
}

int method_forget_account(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        _cleanup_free_ char *url = NULL;
        Signer *signer = userdata;
        int r;

        r = admit_note(signer, call, NULL);
        if (r != 0)
                return MIN(r, 0);
        r = free_and_strdup(&url, account_url(signer->account));
        if (r == 0)
                r = account_forget_url(signer->account);
        if (r < 0)
                return MIN(policy_store_failed(
                                           call,
                                           r,
                                           "Failed to remove the account's URL from " ACCOUNTS_PATH
                                           "/%s",
                                           signer->config->ca),
                           0);
        /* An order is of an account. */
        state_order_done(&signer->state->order);
        (void) signer_write_state(signer);
        audit(AUDIT_ACCOUNT_FORGOTTEN,
              "The CA does not know the account any more",
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ACCOUNT, url});
        return varlink_reply(call, NULL);
}

int method_set_order(VarlinkCall *call, const void *parameters, void *userdata)
{
        const UrlParameter *p = parameters;
        Signer *signer = userdata;
        StateOrder order = {};
        int r;

        r = admit_note(signer, call, p->value);
        if (r != 0)
                return MIN(r, 0);
        order.created_usec = signer->now();
        if (free_and_strdup(&order.url, p->value) < 0 ||
            free_and_strdup(&order.directory, signer->config->directory) < 0 ||
            strv_copy(signer->config->identifiers, &order.identifiers) < 0) {
                state_order_done(&order);
                return -ENOMEM;
        }
        state_order_done(&signer->state->order);
        signer->state->order = order;
        (void) signer_write_state(signer);
        return varlink_reply(call, NULL);
}

int method_forget_order(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        Signer *signer = userdata;
        int r;

        r = admit_note(signer, call, NULL);
        if (r != 0)
                return MIN(r, 0);
        state_order_done(&signer->state->order);
        (void) signer_write_state(signer);
        return varlink_reply(call, NULL);
}
