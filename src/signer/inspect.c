/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is really live, and what state.json says about it. The store is right; the state is made to
 * say the same. What only the state knows (which CA a certificate came from, the order under way,
 * failures) is kept as long as it is about what is there. */

#include <sys/stat.h>

#include "base/audit.h"
#include "base/log.h"
#include "signer/retired.h"
#include "signer/signer-internal.h"
#include "x509/certificate.h"

/* state.json is not written anew just because the same was seen again. */
#define CHECKED_STEP_USEC USEC_PER_HOUR

static int failed_to_write(const Signer *signer, int error)
{
        return log_warning_errno(error,
                                 "Failed to write " STATE_FILE
                                 " of %s; the next run will know less",
                                 signer->name);
}

int signer_write_state(Signer *signer)
{
        _cleanup_free_ char *text = NULL;
        int r;

        if (signer->config->is_dry_run)
                return 0;
        /* For people and other hosts' web servers; known as soon as there is a key. */
        r = free_and_strdup(&signer->state->thumbprint, account_thumbprint(signer->account));
        if (r == 0)
                r = state_format(signer->state, &text);
        if (r == 0 && streq_ptr(text, signer->written_state))
                return 0;
        if (r == 0)
                r = store_write_state(signer->store, text);
        if (r < 0)
                return failed_to_write(signer, r);
        free(signer->written_state);
        signer->written_state = TAKE_PTR(text);
        signer->state_synced = false;
        return 0;
}

int signer_sync_state(Signer *signer)
{
        int r;

        if (signer->state_synced || signer->config->is_dry_run)
                return 0;
        r = store_sync_state(signer->store);
        if (r < 0)
                return failed_to_write(signer, r);
        signer->state_synced = true;
        return 0;
}

/* Return: 0, -ENOMEM. */
static int set_aside(Signer *signer, int why)
{
        int r;

        r = store_set_state_aside(signer->store);
        if (r < 0)
                log_warning_errno(r, "Failed to set " STATE_FILE " of %s aside", signer->name);
        audit(AUDIT_STATE_SET_ASIDE,
              why == STATE_E_NEWER
                              ? "The state file is of a later version and was set aside as "
                                "state.json.bad"
                              : "The state file is damaged and was set aside as state.json.bad",
              {AUDIT_REASON, why == STATE_E_NEWER ? "newer" : "damaged"});
        signer->state_synced = true;
        return state_new(&signer->state);
}

static int read_state(Signer *signer)
{
        int r;

        r = store_read_state(signer->store, &signer->state);
        if (r > 0)
                return set_aside(signer, r);
        if (r < 0)
                return r;
        signer->state_synced = true;
        return state_format(signer->state, &signer->written_state);
}

/* Return: 0, -ENOMEM. */
static int remember_renewal_id(Signer *signer, X509 *certificate)
{
        int r = -ENOENT;

        free(TAKE_PTR(signer->renewal_id));
        if (!certificate_is_placeholder(certificate))
                r = certificate_get_renewal_id(certificate, &signer->renewal_id);
        return r == -ENOMEM ? r : 0;
}

int signer_remember_certificate(Signer *signer,
                                X509 *certificate,
                                const char *generation,
                                const char *ca,
                                const char *directory,
                                usec_t installed_usec,
                                usec_t checked_usec)
{
        EVP_PKEY *key = X509_get0_pubkey(certificate);
        StateCertificate *c = &signer->state->certificate;
        CertificateSummary summary;
        StateCertificate fresh = {};
        int r;

        r = remember_renewal_id(signer, certificate);
        if (r == 0)
                r = certificate_summarize(certificate, &summary);
        if (r < 0)
                return r;
        fresh = (StateCertificate){
                        .is_set = true,
                        .is_placeholder = certificate_is_placeholder(certificate),
                        .serial = summary.serial,
                        .fingerprint = summary.fingerprint,
                        .issuer = summary.issuer,
                        .not_before_usec = summary.not_before_usec,
                        .not_after_usec = summary.not_after_usec,
                        .installed_usec = installed_usec,
                        .checked_usec = checked_usec,
                        .identifiers = summary.identifiers,
        };
        if (free_and_strdup(&fresh.generation, generation) < 0 ||
            free_and_strdup(&fresh.ca, ca) < 0 ||
            free_and_strdup(&fresh.directory, directory) < 0 ||
            (directory && state_add_issuer(signer->state, fresh.fingerprint, directory) < 0) ||
            free_and_strdup(&fresh.key_type,
                            (key ? key_type_to_string(key_get_type(key)) : NULL) ?: "other") < 0) {
                state_certificate_done(&fresh);
                return -ENOMEM;
        }
        if (c->is_set && streq(c->fingerprint, fresh.fingerprint)) {
                fresh.renewal_info = c->renewal_info;
                c->renewal_info = (StateRenewalInfo){};
                fresh.wishes = TAKE_PTR(c->wishes);
                fresh.revocation = c->revocation;
                c->revocation = (StateRevocation){};
        }
        state_certificate_done(c);
        *c = fresh;
        return 0;
}

/* Does the state speak of this very certificate? Its generation may be a later one, which has it
 * from the one before. */
static bool is_remembered(const StateCertificate *c, X509 *certificate)
{
        CertificateSummary summary = {};
        bool same;

        if (!c->is_set || certificate_summarize(certificate, &summary) < 0)
                return false;
        same = streq(summary.fingerprint, c->fingerprint);
        certificate_summary_done(&summary);
        return same;
}

/* A run that was killed after it had installed, and before it could say so. A placeholder is no
 * success. */
static bool is_unremembered_success(const StateCertificate *c, X509 *leaf, const char *generation)
{
        return c->is_set && !is_remembered(c, leaf) && !certificate_is_placeholder(leaf) &&
               generation_compare(generation, c->generation) > 0;
}

static usec_t next_checked(const StateCertificate *c, bool known, usec_t now_usec)
{
        if (known && c->checked_usec <= now_usec && now_usec - c->checked_usec < CHECKED_STEP_USEC)
                return c->checked_usec;
        return now_usec;
}

/* Return: 0; -EBADMSG when the certificate is not one that we could have installed; -ENOMEM. */
static int remember_live(Signer *signer, StoreLive *live)
{
        StateCertificate *c = &signer->state->certificate;
        X509 *leaf = chain_get(live->chain, 0);
        EVP_PKEY *leaf_key = X509_get0_pubkey(leaf);
        bool known = is_remembered(c, leaf);
        _cleanup_free_ char *directory = NULL, *ca = NULL, *source = NULL;
        int r;

        r = free_and_strdup(&directory, known ? c->directory : NULL);
        if (r == 0)
                r = free_and_strdup(&ca, known ? c->ca : NULL);
        if (r == 0)
                r = free_and_strdup(&source,
                                    known ? c->key_source
                                          : foreign_key_source(signer, live->key, leaf_key));
        if (r < 0)
                return r;
        if (is_unremembered_success(c, leaf, live->generation)) {
                state_order_done(&signer->state->order);
                state_failure_done(&signer->state->failure);
        }
        signer->key_mismatch = !source &&
                               (!live->key || !leaf_key || EVP_PKEY_eq(live->key, leaf_key) != 1);
        signer->key_retired = leaf_key && retired_has(signer->root, leaf_key) != 0;
        /* Never checked, so that the client's quick look does not trust it either. */
        r = signer_remember_certificate(signer,
                                        leaf,
                                        live->generation,
                                        ca,
                                        directory,
                                        known ? c->installed_usec : live->installed_usec,
                                        signer->key_mismatch || signer->key_retired
                                                        ? 0
                                                        : next_checked(c, known, signer->now()));
        if (r < 0)
                return r;
        c->key_source = TAKE_PTR(source);
        if (signer->key_mismatch)
                log_warning("The live key of %s is not the live certificate's: the certificate "
                            "will be "
                            "renewed",
                            signer->name);
        else if (signer->key_retired)
                log_warning("The live key of %s is a retired one: the certificate will be renewed",
                            signer->name);
        else if (!signer->config->renew_key && !c->is_placeholder && live->key)
                signer->live_key = TAKE_PTR(live->key);
        return 0;
}

static int inspect_live(Signer *signer)
{
        _cleanup_(store_live_done) StoreLive live = {};
        int r;

        r = store_read_live(signer->store, &live);
        if (r == 0)
                r = remember_live(signer, &live);
        if (r == -EBADMSG)
                log_warning("%s/live/%s is not a certificate that acmeward installed: a new one "
                            "will "
                            "take its place",
                            STORE_PATH,
                            signer->name);
        if (r == -EBADMSG || r == -ENOENT) {
                state_certificate_done(&signer->state->certificate);
                return 0;
        }
        return r;
}

/* Is the pending key the live certificate's? Then a run was killed after it had installed. */
static bool is_installed(Signer *signer)
{
        StoreLive live = {};
        bool same;

        if (store_read_live(signer->store, &live) < 0)
                return false;
        same = EVP_PKEY_eq(X509_get0_pubkey(chain_get(live.chain, 0)), signer->pending_key) == 1;
        store_live_done(&live);
        return same;
}

void signer_drop_pending(Signer *signer)
{
        int r;

        EVP_PKEY_free(signer->pending_key);
        signer->pending_key = NULL;
        /* A chain for that key could not be installed any more. */
        state_order_done(&signer->state->order);
        if (signer->config->is_dry_run)
                return;
        r = store_drop_pending(signer->store);
        if (r < 0)
                log_warning_errno(r, "Failed to remove the pending key of %s", signer->name);
}

static int inspect_pending(Signer *signer)
{
        int r;

        r = store_read_pending(signer->store, &signer->pending_key);
        if (r == -ENOENT)
                return 0;
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                log_warning_errno(r,
                                  "The pending key of %s cannot be used; dropping it",
                                  signer->name);
                signer_drop_pending(signer);
        } else if (config_key_is_elsewhere(signer->config)) {
                log_info("The key of %s is somebody else's now; dropping the pending key",
                         signer->name);
                signer_drop_pending(signer);
        } else if (key_get_type(signer->pending_key) != signer->config->key_type) {
                log_info("KeyType= of %s has changed; dropping the pending key", signer->name);
                signer_drop_pending(signer);
        } else if (retired_has(signer->root, signer->pending_key) != 0) {
                log_warning("The pending key of %s is a retired one; dropping it", signer->name);
                signer_drop_pending(signer);
        } else if (is_installed(signer)) {
                signer_drop_pending(signer);
                state_failure_done(&signer->state->failure);
        }
        return 0;
}

/* Of a CA that is not configured any more: nobody talks to it. One for other names is not gone on
 * with either, and it is the client that gives it up: the CA waits for proofs of them. */
static void inspect_order(Signer *signer)
{
        StateOrder *order = &signer->state->order;

        if (order->url &&
            config_find_directory(signer->config, order->directory) == signer->config->n_cas)
                state_order_done(order);
        signer->n_names = MAX(strv_length(signer->config->identifiers),
                              strv_length(order->identifiers));
}

int signer_inspect(Signer *signer)
{
        int r;

        r = store_tidy(signer->store);
        if (r < 0)
                log_warning_errno(r, "Failed to clean up the store of %s", signer->name);
        signer_heed_replacement(signer);
        r = read_state(signer);
        if (r == 0)
                r = inspect_live(signer);
        if (r == 0)
                r = inspect_pending(signer);
        if (r == 0)
                inspect_order(signer);
        return r;
}

usec_t signer_requested_usec(const Signer *signer)
{
        _cleanup_free_ char *path = NULL;
        struct stat st;

        if (asprintf(&path, "%s" RENEWAL_REQUEST_DIRECTORY "/%s", signer->root, signer->name) < 0) {
                path = NULL;
                return 0;
        }
        if (lstat(path, &st) < 0)
                return 0;
        return (usec_t) st.st_mtim.tv_sec * USEC_PER_SEC + (usec_t) st.st_mtim.tv_nsec / 1000;
}

DueReason signer_due(const Signer *signer, usec_t now_usec)
{
        const StateCertificate *c = &signer->state->certificate;

        if (c->is_set && !c->is_placeholder && signer->key_mismatch)
                return DUE_KEY_MISMATCH;
        if (c->is_set && !c->is_placeholder &&
            !streq_ptr(c->key_source, signer->foreign_key.source))
                return DUE_KEY;
        if (c->is_set && !c->is_placeholder && signer->key_retired)
                return DUE_KEY_RETIRED;
        return due_evaluate(c, signer->config, signer_requested_usec(signer), now_usec);
}
