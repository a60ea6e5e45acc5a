/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* InstallPlaceholder: a self-signed certificate goes live where nothing real is, so that a server
 * that insists on files can start before the CA has been asked.
 *
 * It is a generation like any other, with a key of its own that is in no other certificate before
 * or after: everybody who reaches the server before its first real certificate has to be told to
 * trust nobody, and a key that was used then is not worth keeping. Whoever calls can have one
 * placeholder replaced by another when there is a reason, and nothing that is real by one. */

#include "base/audit.h"
#include "base/log.h"
#include "signer/policy.h"
#include "signer/self-signed.h"
#include "x509/certificate.h"

/* reason: a word of io.acmeward.Signer(7). Return: as policy_refuse(). */
static int refuse(Signer *signer, VarlinkCall *call, const char *reason, const char *message)
{
        struct json_object *parameters = json_object_new_object();

        if (!parameters || json_add_string(parameters, "reason", reason) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return policy_refuse(signer, call, "PlaceholderRefused", parameters, message, NULL);
}

static int refuse_live(Signer *signer, VarlinkCall *call)
{
        return refuse(signer,
                      call,
                      "live",
                      "There is a certificate, whose place a placeholder must not take");
}

/* What is live may have been changed by hand since the start. Return: 0 when a placeholder may take
 * its place; POLICY_E_REFUSED; -errno. */
static int check(Signer *signer, VarlinkCall *call)
{
        StoreLive live = {};
        bool is_placeholder;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return r;
        if (signer->config->is_dry_run)
                return refuse(signer, call, "dryRun", "A dry run leaves what is live alone");
        if (!signer->config->placeholder)
                return refuse(signer, call, "notConfigured", "Placeholder= is not yes");
        /* A renewal has come to the second key type: the first certificate is there. */
        if (signer->config->variant)
                return refuse_live(signer, call);
        r = store_read_live(signer->store, &live);
        if (r == -ENOENT)
                return 0;
        if (r < 0 && r != -EBADMSG)
                return policy_store_failed(signer,
                                           call,
                                           r,
                                           "Failed to read what is live of %s",
                                           signer->name);
        is_placeholder = r == 0 && certificate_is_placeholder(chain_get(live.chain, 0));
        store_live_done(&live);
        if (is_placeholder)
                return 0;
        return refuse_live(signer, call);
}

/* Nothing would be better about a new one. */
static bool is_good(const Signer *signer)
{
        const StateCertificate *c = &signer->state->certificate;
        usec_t now_usec = signer->now();

        return c->is_set && c->is_placeholder && !signer->key_mismatch &&
               strv_equal(c->identifiers, signer->config->identifiers) &&
               streq(c->key_type, key_type_to_string(signer->config->key_type)) &&
               now_usec >= c->not_before_usec &&
               now_usec < due_renew_at(c->not_before_usec, c->not_after_usec);
}

/* Return: 0; POLICY_E_REFUSED; -errno. */
static int
make(Signer *signer, VarlinkCall *call, KeyType type, Chain **ret_chain, char **ret_generation)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        _cleanup_key_ EVP_PKEY *key = NULL;
        int r;

        r = key_generate(type, NULL, &key);
        if (r == 0)
                r = self_signed_make(key, signer->config->identifiers, signer->now(), &chain);
        if (r == 0)
                r = store_install(signer->store, chain, key, ret_generation);
        if (r < 0)
                return policy_store_failed(
                                signer,
                                call,
                                r,
                                "Failed to install a placeholder for %s below " STORE_PATH,
                                signer->name);
        *ret_chain = TAKE_PTR(chain);
        return 0;
}

static void audit_placeholder(const CertificateSummary *c, const char *generation, KeyType type)
{
        _cleanup_free_ char *identifiers = NULL, *message = NULL;

        if (strv_join(c->identifiers, " ", &identifiers) < 0 ||
            asprintf(&message,
                     "Installed a placeholder as generation %s, until there is a certificate",
                     generation) < 0) {
                message = NULL;
                log_oom();
                return;
        }
        audit(AUDIT_PLACEHOLDER_INSTALLED,
              message,
              {AUDIT_SERIAL, c->serial},
              {AUDIT_FINGERPRINT, c->fingerprint},
              {AUDIT_NOT_AFTER, FORMAT_TIMESTAMP(c->not_after_usec)},
              {AUDIT_IDENTIFIERS, identifiers},
              {AUDIT_KEY_TYPE, key_type_to_string(type)});
}

/* What a new generation has changed. Return: 0, -ENOMEM. */
static int tell(Signer *signer, X509 *certificate, const char *generation, KeyType type)
{
        CertificateSummary summary = {};
        int r;

        r = certificate_summarize(certificate, &summary);
        if (r < 0)
                return r;
        audit_placeholder(&summary, generation, type);
        certificate_summary_done(&summary);
        (void) signer_write_state(signer);
        r = store_prune(signer->store, generation);
        if (r < 0)
                log_warning_errno(r, "Failed to remove old generations of %s", signer->name);
        return 0;
}

/* Failures and the order under way stay: it is not what they were about. */
static int settle(Signer *signer, X509 *certificate, const char *generation)
{
        usec_t now_usec = signer->now();
        int r;

        r = signer_remember_certificate(signer,
                                        certificate,
                                        generation,
                                        NULL,
                                        NULL,
                                        now_usec,
                                        now_usec);
        if (r < 0)
                return r;
        signer->key_mismatch = signer->key_retired = false;
        return tell(signer, certificate, generation, signer->config->key_type);
}

/* Return: 0; POLICY_E_REFUSED; -errno. */
static int install(Signer *signer, VarlinkCall *call)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        _cleanup_free_ char *generation = NULL;
        int r;

        r = make(signer, call, signer->config->key_type, &chain, &generation);
        return r != 0 ? r : settle(signer, chain_get(chain, 0), generation);
}

/* The same as is_good(), of what no state speaks of. */
static bool is_good_second(const Signer *signer, const StoreLive *live, KeyType type)
{
        X509 *certificate = chain_get(live->chain, 0);
        usec_t now_usec = signer->now();
        CertificateSummary summary = {};
        bool is_good;

        if (!certificate_is_placeholder(certificate))
                return true;
        if (!live->key || key_get_type(live->key) != type ||
            EVP_PKEY_eq(live->key, X509_get0_pubkey(certificate)) != 1 ||
            certificate_summarize(certificate, &summary) < 0)
                return false;
        is_good = strv_equal(summary.identifiers, signer->config->identifiers) &&
                  now_usec >= summary.not_before_usec &&
                  now_usec < due_renew_at(summary.not_before_usec, summary.not_after_usec);
        certificate_summary_done(&summary);
        return is_good;
}

/* The store is turned to the second key type. It has no state before its first certificate.
 * Return: 0; POLICY_E_REFUSED; -errno. */
static int ensure_second(Signer *signer, VarlinkCall *call, KeyType type)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        char **generation = &signer->state->certificate.generation;
        char *fresh = NULL;
        StoreLive live = {};
        bool is_good;
        int r;

        r = store_read_live(signer->store, &live);
        is_good = r == 0 && is_good_second(signer, &live, type);
        store_live_done(&live);
        if (is_good)
                return 0;
        r = make(signer, call, type, &chain, &fresh);
        if (r != 0)
                return r;
        free(*generation);
        *generation = fresh;
        signer_choose_variant(signer);
        return tell(signer, chain_get(chain, 0), *generation, type);
}

static int install_second(Signer *signer, VarlinkCall *call)
{
        const Config *config = signer->config;
        int r;

        if (config->n_key_types < 2)
                return 0;
        store_use_variant(signer->store, config_variant(config, 1), config_variant(config, 1));
        r = ensure_second(signer, call, config->key_types[1]);
        signer_choose_variant(signer);
        return r;
}

int method_install_placeholder(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        _cleanup_json_ struct json_object *reply = NULL;
        Signer *signer = userdata;
        int r;

        r = check(signer, call);
        if (r == 0 && !is_good(signer))
                r = install(signer, call);
        if (r == 0)
                r = install_second(signer, call);
        if (r != 0)
                return MIN(r, 0);
        reply = json_object_new_object();
        if (!reply ||
            json_add(reply, "certificate", certificate_to_json(&signer->state->certificate)) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(reply));
}
