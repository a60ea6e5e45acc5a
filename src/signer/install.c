/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Install: the chain is checked before a byte is written, then made live. The caller is not trusted
 * to have looked at it; a fallen one gets no further than a chain for our own key and our own
 * names. */

#include "base/audit.h"
#include "base/log.h"
#include "signer/peer.h"
#include "signer/policy.h"

/* The length is the chain's reader's to check, which has a reason of its own for it. */
const JsonField install_fields[] = {
                {"chain",
                 JSON_STRING,
                 offsetof(InstallParameters, chain),
                 0,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

/* Return: POLICY_E_REFUSED, -errno. */
static int refuse(Signer *signer, VarlinkCall *call, ChainReason reason, size_t at)
{
        _cleanup_json_ struct json_object *parameters = json_object_new_object();
        const char *word = chain_reason_to_string(reason);
        _cleanup_free_ char *message = NULL, *identifiers = NULL;
        int r;

        r = chain_explain(reason, at, &message);
        if (r == 0)
                r = strv_join(signer->config->identifiers, " ", &identifiers);
        if (r < 0)
                return r;
        audit(AUDIT_CHAIN_REFUSED,
              message,
              {AUDIT_REASON, word},
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ORDER, signer->state->order.url},
              {AUDIT_IDENTIFIERS, identifiers});
        /* The order has nothing better to give. One whose certificate is from a clock that is ahead
         * of ours will be good later. */
        if (reason != CHAIN_E_NOT_YET_VALID) {
                state_order_done(&signer->state->order);
                (void) signer_write_state(signer);
        }
        if (!parameters || json_add_string(parameters, "reason", word) < 0 ||
            json_add_string(parameters, "message", message) < 0)
                return -ENOMEM;
        r = varlink_error(call, SIGNER_INTERFACE ".ChainRefused", TAKE_PTR(parameters));
        return r < 0 ? r : POLICY_E_REFUSED;
}

/* Return: 0, and the key that the chain is for, borrowed; POLICY_E_REFUSED; -errno. */
static int
check(Signer *signer, VarlinkCall *call, const char *text, Chain **ret, EVP_PKEY **ret_key)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        EVP_PKEY *key;
        size_t at;
        int r;

        r = chain_parse(text, strlen(text), &chain, &at);
        if (r == 0 && signer_find_certificate_key(signer, &key) < 0)
                r = CHAIN_E_OTHER_KEY;
        if (r == 0)
                r = chain_verify(chain, key, signer->config->identifiers, signer->now(), &at);
        if (r > 0)
                return refuse(signer, call, (ChainReason) r, at);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(chain);
        *ret_key = key;
        return 0;
}

static void audit_installed(Signer *signer)
{
        const StateCertificate *c = &signer->state->certificate;
        _cleanup_free_ char *identifiers = NULL, *message = NULL;

        if (strv_join(c->identifiers, " ", &identifiers) < 0 ||
            asprintf(&message,
                     "Installed generation %s, valid until %s",
                     c->generation,
                     FORMAT_TIMESTAMP(c->not_after_usec)) < 0) {
                message = NULL;
                log_oom();
                return;
        }
        audit(AUDIT_INSTALLED,
              message,
              {AUDIT_SERIAL, c->serial},
              {AUDIT_FINGERPRINT, c->fingerprint},
              {AUDIT_NOT_AFTER, FORMAT_TIMESTAMP(c->not_after_usec)},
              {AUDIT_IDENTIFIERS, identifiers},
              {AUDIT_KEY_TYPE, c->key_type},
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ORDER, signer->state->order.url});
}

/* The key is in a generation now: it is not pending any more, and kept only if it is to be. */
static void settle_key(Signer *signer)
{
        int r;

        if (signer->pending_key) {
                EVP_PKEY_free(signer->live_key);
                signer->live_key = TAKE_PTR(signer->pending_key);
        }
        if (signer->config->renew_key) {
                EVP_PKEY_free(signer->live_key);
                signer->live_key = NULL;
        }
        signer->key_mismatch = false;
        r = store_drop_pending(signer->store);
        if (r < 0)
                log_warning_errno(r, "Failed to remove the pending key of %s", signer->name);
}

/* What is live has been switched; all of this a later run would find out by itself. */
static int settle(Signer *signer, X509 *certificate, const char *generation)
{
        usec_t now_usec = signer->now();
        int r;

        r = signer_remember_certificate(signer,
                                        certificate,
                                        generation,
                                        signer->config->directory,
                                        now_usec,
                                        now_usec);
        if (r < 0)
                return r;
        audit_installed(signer);
        state_order_done(&signer->state->order);
        state_failure_done(&signer->state->failure);
        (void) signer_write_state(signer);
        settle_key(signer);
        r = store_prune(signer->store, generation);
        if (r < 0)
                log_warning_errno(r, "Failed to remove old generations of %s", signer->name);
        return 0;
}

static int install(Signer *signer, VarlinkCall *call, const char *text)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *generation = NULL;
        EVP_PKEY *key = NULL;
        int r;

        r = policy_admit(signer, call);
        if (r == 0)
                r = check(signer, call, text, &chain, &key);
        if (r != 0)
                return r;
        r = store_install(signer->store, chain, key, &generation);
        if (r < 0)
                return policy_store_failed(
                                call,
                                r,
                                "Failed to install the certificate of %s below " STORE_PATH
                                "; the one before stays live",
                                signer->name);
        peer_settles(call);
        r = settle(signer, chain_get(chain, 0), generation);
        if (r < 0)
                return r;
        reply = json_object_new_object();
        if (!reply ||
            json_add(reply, "certificate", certificate_to_json(&signer->state->certificate)) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(reply));
}

int method_install(VarlinkCall *call, const void *parameters, void *userdata)
{
        const InstallParameters *p = parameters;

        peer_acts(call);
        return MIN(install(userdata, call, p->chain), 0);
}
