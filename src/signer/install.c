/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Install: the chain is checked before a byte is written, then made live. The caller is not trusted
 * to have looked at it; a fallen one gets no further than a chain for our own key and our own
 * names. */

#include "acme/renewal-info.h"
#include "base/audit.h"
#include "base/log.h"
#include "signer/peer.h"
#include "signer/policy.h"
#include "signer/retired.h"
#include "state/authority.h"
#include "state/wishes.h"
#include "x509/certificate.h"

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

/* Why, and what is to be done about it: of Install alone. Return: 0, -errno. */
static int note_refusal(Signer *signer, ChainReason reason, const char *message)
{
        _cleanup_free_ char *identifiers = NULL;
        int r;

        r = strv_join(signer->config->identifiers, " ", &identifiers);
        if (r < 0)
                return r;
        audit(AUDIT_CHAIN_REFUSED,
              message,
              {AUDIT_REASON, chain_reason_to_string(reason)},
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ORDER, signer->state->order.url},
              {AUDIT_IDENTIFIERS, identifiers});
        /* The order has nothing better to give. One whose certificate is from a clock that is ahead
         * of ours will be good later. */
        if (reason != CHAIN_E_NOT_YET_VALID) {
                state_order_done(&signer->state->order);
                (void) signer_write_state(signer);
        }
        return 0;
}

/* Return: POLICY_E_REFUSED, -errno. */
static int answer_refusal(VarlinkCall *call, ChainReason reason, const char *message)
{
        _cleanup_json_ struct json_object *parameters = json_object_new_object();
        int r;

        if (!parameters ||
            json_add_string(parameters, "reason", chain_reason_to_string(reason)) < 0 ||
            json_add_string(parameters, "message", message) < 0)
                return -ENOMEM;
        r = varlink_error(call, SIGNER_INTERFACE ".ChainRefused", TAKE_PTR(parameters));
        return r < 0 ? r : POLICY_E_REFUSED;
}

/* Return: 0, CHAIN_E_RETIRED_KEY, -errno. */
static int check_retired(Signer *signer, X509 *certificate)
{
        EVP_PKEY *key = X509_get0_pubkey(certificate);
        int r;

        signer_heed_replacement(signer);
        /* One without a key is refused for another reason. */
        r = key ? retired_has(signer->root, key) : 0;
        return r > 0 ? CHAIN_E_RETIRED_KEY : r;
}

/* Return: 0, and the key that the chain is for, borrowed; a ChainReason; -errno. */
static int
examine(Signer *signer, const char *text, Chain **ret, EVP_PKEY **ret_key, size_t *ret_at)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        EVP_PKEY *key;
        int r;

        *ret_at = 0;
        r = chain_parse(text, strlen(text), &chain, ret_at);
        if (r == 0 && certificate_is_placeholder(chain_get(chain, 0)))
                r = CHAIN_E_PLACEHOLDER;
        if (r == 0)
                r = check_retired(signer, chain_get(chain, 0));
        if (r == 0 && signer_find_certificate_key(signer, &key) < 0)
                r = CHAIN_E_OTHER_KEY;
        if (r == 0)
                r = chain_verify(chain, key, signer->config->identifiers, signer->now(), ret_at);
        if (r != 0)
                return r;
        *ret = TAKE_PTR(chain);
        *ret_key = key;
        return 0;
}

/* Return: 0, and the key that the chain is for, borrowed; POLICY_E_REFUSED; -errno. */
static int
check(Signer *signer, VarlinkCall *call, const char *text, Chain **ret, EVP_PKEY **ret_key)
{
        _cleanup_free_ char *message = NULL;
        size_t at;
        int reason, r;

        reason = examine(signer, text, ret, ret_key, &at);
        if (reason <= 0)
                return reason;
        r = chain_explain((ChainReason) reason, at, &message);
        if (r == 0 && streq(varlink_call_method(call), "Install"))
                r = note_refusal(signer, (ChainReason) reason, message);
        return r < 0 ? r : answer_refusal(call, (ChainReason) reason, message);
}

/* The client has looked for the chain that is wanted; what it has found shows here. */
static void audit_preference(Signer *signer, const Chain *chain)
{
        const char *wanted = signer->config->preferred_chain;
        _cleanup_free_ char *issuer = NULL, *message = NULL;
        ChainPreference preference;

        if (!wanted)
                return;
        if (chain_get_preference(chain, wanted, &preference) < 0 ||
            certificate_get_issuer(chain_get(chain, chain_length(chain) - 1), &issuer) < 0 ||
            asprintf(&message,
                     "The CA has no chain of PreferredChain=%s; its own choice leads to %s",
                     wanted,
                     issuer) < 0) {
                message = NULL;
                log_oom();
                return;
        }
        if (preference == CHAIN_OTHER)
                audit(AUDIT_CHAIN_NOT_PREFERRED, message, {AUDIT_CA, signer->config->ca});
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
        signer->key_mismatch = signer->key_retired = false;
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
                                        signer->config->ca,
                                        signer->config->directory,
                                        now_usec,
                                        now_usec);
        if (r < 0)
                return r;
        r = free_and_strdup(&signer->state->certificate.key_source, signer->foreign_key.source);
        if (r < 0)
                return r;
        strv_free(signer->state->certificate.wishes);
        signer->state->certificate.wishes = NULL;
        if (wishes_format(signer->config, &signer->state->certificate.wishes) < 0)
                return -ENOMEM;
        signer->state->certificate.renewal_info.again_usec =
                        renewal_info_again_usec(USEC_INFINITY, now_usec);
        audit_installed(signer);
        state_order_done(&signer->state->order);
        state_failure_done(&signer->state->failure);
        authority_forget(signer->state, signer->config->directory);
        (void) signer_write_state(signer);
        signer_tell_other_generation(signer, generation);
        settle_key(signer);
        r = store_prune(signer->store, generation);
        if (r < 0)
                log_warning_errno(r, "Failed to remove old generations of %s", signer->name);
        return 0;
}

/* Everything has been looked at that is before an installation. */
static void audit_passed(Signer *signer)
{
        const StateCertificate *c = &signer->state->certificate;
        _cleanup_free_ char *identifiers = NULL;

        if (strv_join(c->identifiers, " ", &identifiers) < 0)
                return (void) log_oom();
        audit(AUDIT_DRY_RUN_PASSED,
              "The dry run has got a certificate that could be installed; nothing was changed",
              {AUDIT_SERIAL, c->serial},
              {AUDIT_FINGERPRINT, c->fingerprint},
              {AUDIT_NOT_AFTER, FORMAT_TIMESTAMP(c->not_after_usec)},
              {AUDIT_IDENTIFIERS, identifiers},
              {AUDIT_KEY_TYPE, c->key_type},
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ORDER, signer->state->order.url});
}

static int reply_installed(Signer *signer, VarlinkCall *call)
{
        _cleanup_json_ struct json_object *reply = json_object_new_object();

        if (!reply ||
            json_add(reply, "certificate", certificate_to_json(&signer->state->certificate)) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(reply));
}

/* The chain, which has passed, is told of and goes. */
static int pass(Signer *signer, VarlinkCall *call, const Chain *chain)
{
        usec_t now_usec = signer->now();
        int r;

        peer_settles(call);
        audit_preference(signer, chain);
        r = signer_remember_certificate(signer,
                                        chain_get(chain, 0),
                                        "none",
                                        signer->config->ca,
                                        signer->config->directory,
                                        now_usec,
                                        now_usec);
        if (r < 0)
                return r;
        audit_passed(signer);
        return reply_installed(signer, call);
}

static int install(Signer *signer, VarlinkCall *call, const char *text)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        _cleanup_free_ char *generation = NULL;
        EVP_PKEY *key = NULL;
        int r;

        r = policy_admit(signer, call);
        if (r == 0)
                r = check(signer, call, text, &chain, &key);
        if (r != 0)
                return r;
        if (signer->config->is_dry_run)
                return pass(signer, call, chain);
        r = store_install(signer->store,
                          chain,
                          config_key_is_elsewhere(signer->config) ? NULL : key,
                          &generation);
        if (r < 0)
                return policy_store_failed(
                                signer,
                                call,
                                r,
                                "Failed to install the certificate of %s below " STORE_PATH
                                "; the one before stays live",
                                signer->name);
        peer_settles(call);
        audit_preference(signer, chain);
        r = settle(signer, chain_get(chain, 0), generation);
        return r < 0 ? r : reply_installed(signer, call);
}

int method_install(VarlinkCall *call, const void *parameters, void *userdata)
{
        const InstallParameters *p = parameters;

        peer_acts(call);
        return MIN(install(userdata, call, p->chain), 0);
}

static int weigh(Signer *signer, VarlinkCall *call, const char *text)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        _cleanup_json_ struct json_object *reply = NULL;
        ChainPreference preference = CHAIN_OTHER;
        EVP_PKEY *key;
        int r;

        r = policy_admit(signer, call);
        if (r == 0)
                r = check(signer, call, text, &chain, &key);
        if (r == 0 && signer->config->preferred_chain)
                r = chain_get_preference(chain, signer->config->preferred_chain, &preference);
        if (r != 0)
                return r;
        reply = json_object_new_object();
        if (!reply || json_add_integer(reply, "preference", preference) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(reply));
}

int method_weigh_chain(VarlinkCall *call, const void *parameters, void *userdata)
{
        const InstallParameters *p = parameters;

        return MIN(weigh(userdata, call, p->chain), 0);
}
