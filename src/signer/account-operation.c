/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is done to an account. The client gives the URL, which has to be the account's where it is
 * for an account, and the nonce. */

#include "signer/account-operation.h"

#include "signer/jwk.h"
#include "signer/jws.h"
#include "signer/policy.h"

static int refuse(Signer *signer, VarlinkCall *call)
{
        return policy_refuse(signer,
                             call,
                             "NotRequested",
                             NULL,
                             "Refused to sign what root has not asked for",
                             NULL);
}

/* The contact goes with the agreement: there are CAs that take an update without one for empty.
 * Return: 0, -ENOMEM. */
static int fill_update(const Signer *signer, struct json_object *payload)
{
        AccountOperation operation = signer->request->operation;

        if (operation == ACCOUNT_DEACTIVATE)
                return json_add_string(payload, "status", "deactivated");
        if (operation == ACCOUNT_AGREE &&
            json_add_boolean(payload, "termsOfServiceAgreed", true) < 0)
                return -ENOMEM;
        return json_add_strv(payload, "contact", signer->config->contact);
}

int account_compose_update(Signer *signer,
                           VarlinkCall *call,
                           const RequestParameters *p,
                           char **ret)
{
        AccountOperation operation = signer->request->operation;
        struct json_object *payload;

        if (operation != ACCOUNT_UPDATE && operation != ACCOUNT_AGREE &&
            operation != ACCOUNT_DEACTIVATE)
                return refuse(signer, call);
        if (!streq(p->url, account_url(signer->account)))
                return policy_refuse_url(
                                signer,
                                call,
                                p->url,
                                "Refused to change an account at another URL than its own");
        payload = json_object_new_object();
        if (!payload || fill_update(signer, payload) < 0) {
                json_object_put(payload);
                return -ENOMEM;
        }
        signer->has_signed_operation = true;
        return format_payload(payload, ret);
}

/* {"account", "oldKey"}. */
static int make_inner_payload(const Signer *signer, EVP_PKEY *key, char **ret)
{
        struct json_object *payload = json_object_new_object(), *jwk = NULL;
        int r = -ENOMEM;

        if (payload && json_add_string(payload, "account", account_url(signer->account)) == 0)
                r = jwk_new(key, &jwk);
        if (r == 0)
                r = json_add(payload, "oldKey", jwk);
        if (r == 0)
                return format_payload(payload, ret);
        json_object_put(payload);
        return r;
}

/* The key is on disk when anybody hears of it. */
static int make_next_key(Signer *signer, EVP_PKEY **ret)
{
        KeyType type = signer->request->key_type != KEY_TYPE_INVALID
                                       ? signer->request->key_type
                                       : signer->config->account_key_type;
        _cleanup_key_ EVP_PKEY *key = NULL;
        int r;

        if (account_next_key(signer->account, ret) == 0)
                return 0;
        r = key_generate(type, NULL, &key);
        if (r == 0)
                r = account_store_next_key(signer->account, key);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(key);
        return 0;
}

/* The outer JWS has it as its payload, and the same URL. */
static int make_inner(Signer *signer, const char *url, EVP_PKEY *next, char **ret)
{
        _cleanup_free_ char *payload = NULL;
        _cleanup_(jws_done) Jws jws = {};
        EVP_PKEY *key;
        int r;

        r = account_load_key(signer->account, &key);
        if (r == 0)
                r = make_inner_payload(signer, key, &payload);
        if (r == 0)
                r = jws_sign(next, NULL, NULL, url, payload, &jws);
        return r == 0 ? format_payload(jws_to_json(&jws), ret) : r;
}

int account_compose_key_change(Signer *signer,
                               VarlinkCall *call,
                               const RequestParameters *p,
                               char **ret)
{
        EVP_PKEY *next;
        int r;

        if (signer->request->operation != ACCOUNT_CHANGE_KEY)
                return refuse(signer, call);
        r = make_next_key(signer, &next);
        if (r < 0)
                return policy_store_failed(signer,
                                           call,
                                           r,
                                           "Failed to make the account's next key in " ACCOUNTS_PATH
                                           "/%s",
                                           signer->config->account);
        r = make_inner(signer, p->url, next, ret);
        signer->has_signed_operation = r == 0;
        return r;
}
