/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signer's life: opened by PID 1's socket, it looks at configuration and store once, serves,
 * and ends with its door. Who may knock has been decided by the kernel; the signer trusts no caller
 * with more than its methods give, and calls nobody but, where an administrator wants it so, the
 * signer that has the account's key (account-door.h). */

#include "signer/signer.h"

#include "base/audit.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "config/dry-run.h"
#include "signer/account-door.h"
#include "signer/peer.h"
#include "signer/policy.h"

/* Return: 0, and config_message says what is wrong with it if anything is; -ENOMEM. */
static int load_configuration(Signer *signer)
{
        ConfigError error = {};
        int r;

        r = config_load_for_run(signer->name, signer->root, signer->now(), &signer->config, &error);
        if (r == 0)
                r = foreign_key_load(&signer->foreign_key,
                                     signer->config,
                                     signer->root,
                                     &error.message);
        if (r <= 0)
                return r;
        r = free_and_strdup(&signer->config_message,
                            error.message ?: "The configuration is not valid");
        config_error_done(&error);
        config_free(TAKE_PTR(signer->config));
        if (r == 0)
                audit(AUDIT_CONFIGURATION_INVALID,
                      signer->config_message,
                      {AUDIT_REASON, signer->config_message});
        return r;
}

/* Notes why every call will be answered with StoreFailed. Return: 0, -ENOMEM. */
static int give_up_store(Signer *signer, int error, const char *path, const char *what)
{
        if (asprintf(&signer->store_message,
                     "Failed to read %s/%s: %s",
                     path,
                     what,
                     error == -EBADMSG ? "it is damaged; restore it, or move it away for a new one"
                                       : strerror(-error)) < 0) {
                signer->store_message = NULL;
                return -ENOMEM;
        }
        log_error("%s", signer->store_message);
        return 0;
}

int signer_open_account(Signer *signer)
{
        int r;

        r = account_open(signer->root,
                         signer->config->account,
                         signer->config->directory,
                         &signer->account);
        if (r == 0 && signer->config->account_key)
                r = account_use_token(signer->account, signer->config->account_key);
        return r < 0 ? give_up_store(signer, r, ACCOUNTS_PATH, signer->config->account) : 0;
}

/* That is configuration, and a person's to put right. Return: 0, -ENOMEM. */
static int give_up_token(Signer *signer)
{
        free(signer->config_message);
        if (asprintf(&signer->config_message,
                     "AccountKey=%s of the CA %s is of no use: %s",
                     signer->config->account_key,
                     signer->config->ca,
                     token_key_explain(account_token_reason(signer->account))) < 0) {
                signer->config_message = NULL;
                return -ENOMEM;
        }
        audit(AUDIT_CONFIGURATION_INVALID,
              signer->config_message,
              {AUDIT_REASON, signer->config_message});
        return 0;
}

int signer_load_account(Signer *signer, bool is_exclusive)
{
        EVP_PKEY *key;
        int r;

        r = account_lock(signer->account, is_exclusive);
        signer->account_is_busy = r == -EBUSY;
        /* What account.json says counts for this key only. */
        if (r == 0 || r == -EBUSY)
                r = account_load_key(signer->account, &key);
        if (r == -ENOENT)
                return 0;
        if (r == -ENOKEY)
                return give_up_token(signer);
        return r < 0 ? give_up_store(signer, r, ACCOUNTS_PATH, signer->config->account) : 0;
}

int signer_look(Signer *signer)
{
        int r;

        signer_choose_variant(signer);
        /* A dry run knows of nothing that is there, so that it cannot change it. */
        r = signer->config->is_dry_run ? state_new(&signer->state) : signer_inspect(signer);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return give_up_store(signer, r, STORE_PATH "/certs", signer->name);
        return signer_choose_authority(signer);
}

static int open_store(Signer *signer)
{
        int r;

        r = store_open(signer->root, signer->name, &signer->store);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return give_up_store(signer, r, STORE_PATH "/certs", signer->name);
        return signer_look(signer);
}

Signer *signer_create(const VarlinkInterface *interface,
                      sd_event *event,
                      const char *root,
                      const char *name,
                      usec_t (*now)(void))
{
        Signer *signer = calloc(1, sizeof(Signer));

        if (signer)
                *signer = (Signer){.interface = interface,
                                   .event = sd_event_ref(event),
                                   .root = root,
                                   .name = name,
                                   .now = now};
        return signer;
}

int signer_new(sd_event *event,
               const char *root,
               const char *name,
               usec_t (*now)(void),
               Signer **ret)
{
        _cleanup_(signer_freep) Signer *signer =
                        signer_create(&signer_interface, event, root, name, now);
        int r;

        if (!signer)
                return -ENOMEM;
        r = load_configuration(signer);
        /* The name is only fit for a path once the configuration has taken it. */
        if (r == 0 && signer->config)
                r = open_store(signer);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(signer);
        return 0;
}

/* A renewal that went away in the middle. */
static void count_vanished(Signer *signer)
{
        if (signer_due(signer, signer->now()) == DUE_NOT)
                return;
        if (signer_count_failure(signer,
                                 EXIT_TRY_AGAIN,
                                 NULL,
                                 "The client went away in the middle of its work",
                                 0,
                                 NULL) < 0) {
                log_oom();
                return;
        }
        audit(signer->config->is_dry_run ? AUDIT_DRY_RUN_FAILED : AUDIT_FAILED,
              "The client went away in the middle of its work",
              {AUDIT_REASON, "the client went away in the middle of its work"},
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ORDER, signer->state->order.url},
              {AUDIT_RETRY_AT,
               signer->config->is_dry_run
                               ? NULL
                               : FORMAT_TIMESTAMP(signer->state->failure.next_attempt_usec)});
}

/* The going of who knocks at another door means nothing. */
static void on_disconnected(VarlinkConnection *connection, void *userdata)
{
        Signer *signer = userdata;

        if (varlink_connection_door(connection) & ~(unsigned) DOOR_RENEW)
                return;
        if (peer_vanished(connection) && signer->state && !signer->store_message)
                count_vanished(signer);
        if (signer->store && signer_use_key_type(signer, 0) < 0)
                log_oom();
}

int signer_serve(Signer *signer, Door door, int listen_fd)
{
        static const VarlinkServerCallbacks callbacks = {
                        .disconnected = on_disconnected,
                        .refused = policy_note_refusal,
        };
        VarlinkServer **server = &signer->servers[signer->n_servers];
        int r;

        assert(signer->n_servers < DOORS);
        r = varlink_server_new(signer->event,
                               listen_fd,
                               signer->interface,
                               &callbacks,
                               signer,
                               server);
        if (r < 0)
                return r;
        varlink_server_set_door(*server, door);
        signer->n_servers++;
        return 0;
}

void signer_free(Signer *signer)
{
        if (!signer)
                return;
        for (unsigned i = 0; i < signer->n_servers; i++)
                varlink_server_free(signer->servers[i]);
        if (signer->state && !signer->store_message && signer_write_state(signer) == 0)
                (void) signer_sync_state(signer);
        sd_event_source_disable_unref(signer->prepare_source);
        key_maker_free(signer->account_maker);
        key_maker_free(signer->certificate_maker);
        EVP_PKEY_free(signer->live_key);
        EVP_PKEY_free(signer->pending_key);
        foreign_key_done(&signer->foreign_key);
        account_door_free(signer->account_door);
        account_free(signer->account);
        free(signer->request);
        account_record_done(&signer->record);
        store_free(signer->store);
        state_free(signer->state);
        free(signer->written_state);
        free(signer->renewal_id);
        revocation_done(&signer->revocation);
        config_free(signer->config);
        free(signer->config_message);
        free(signer->store_message);
        sd_event_unref(signer->event);
        free(signer);
}
