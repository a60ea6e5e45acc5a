/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which key, and when it is made: as soon as it is clear that one will be needed, so that the CA's
 * round trips and the making go on at the same time. */

#include "base/audit.h"
#include "base/log.h"
#include "signer/retired.h"
#include "signer/signer-internal.h"

/* In the maker's thread. */
static int store_account_key(EVP_PKEY *key, void *userdata)
{
        Signer *signer = userdata;

        return account_store_key(signer->account, key, &signer->account_key_made);
}

static int start_account_maker(Signer *signer)
{
        if (signer->account_maker)
                return 0;
        return key_maker_start(signer->config->account_key_type,
                               store_account_key,
                               signer,
                               &signer->account_maker);
}

/* Waits for the maker, and is done with it. Return: as key_maker_take(). */
static int take(KeyMaker **maker, EVP_PKEY **ret)
{
        int r = key_maker_take(*maker, ret);

        key_maker_free(*maker);
        *maker = NULL;
        return r;
}

int signer_account_key(Signer *signer, EVP_PKEY **ret)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        int r = -ENOENT;

        if (signer->account_door)
                return -EOPNOTSUPP;
        /* While a maker is at work the file may be there and not be synced. */
        if (!signer->account_maker)
                r = account_load_key(signer->account, ret);
        if (r != -ENOENT)
                return r;
        r = start_account_maker(signer);
        if (r == 0)
                r = take(&signer->account_maker, &key);
        /* Another signer may have been faster: what is on disk is what counts. */
        if (r == 0)
                r = account_load_key(signer->account, ret);
        if (r == 0 && signer->account_key_made)
                audit(AUDIT_ACCOUNT_KEY_MADE,
                      "Made the account's key",
                      {AUDIT_THUMBPRINT, account_thumbprint(signer->account)},
                      {AUDIT_CA, signer->config->ca},
                      {AUDIT_KEY_TYPE, key_type_to_string(signer->config->account_key_type)});
        return r;
}

/* Return: is it one that must not be used again? */
static bool is_retired(const Signer *signer, EVP_PKEY *key)
{
        int r;

        if (!key)
                return false;
        r = retired_has(signer->root, key);
        if (r < 0)
                log_warning_errno(r, "Failed to look into " RETIRED_PATH "; making a new key");
        return r != 0;
}

void signer_drop_retired_keys(Signer *signer)
{
        if (is_retired(signer, signer->live_key)) {
                EVP_PKEY_free(signer->live_key);
                signer->live_key = NULL;
        }
        if (is_retired(signer, signer->pending_key))
                signer_drop_pending(signer);
}

int signer_find_certificate_key(Signer *signer, EVP_PKEY **ret)
{
        if (config_key_is_elsewhere(signer->config))
                return foreign_key_get(&signer->foreign_key, signer->config, ret);
        /* Root, or another signer, may have retired it meanwhile. */
        signer_heed_replacement(signer);
        signer_drop_retired_keys(signer);
        if (signer->pending_key)
                *ret = signer->pending_key;
        else if (signer->live_key && key_get_type(signer->live_key) == signer->config->key_type)
                *ret = signer->live_key;
        else
                return -ENOENT;
        return 0;
}

/* In the maker's thread. On disk before anybody hears of it: a chain for a lost key would be worth
 * nothing. */
static int store_certificate_key(EVP_PKEY *key, void *userdata)
{
        Signer *signer = userdata;

        /* That of a dry run is for this process alone. */
        return signer->config->is_dry_run ? 0 : store_write_pending(signer->store, key);
}

static int start_certificate_maker(Signer *signer)
{
        if (signer->certificate_maker)
                return 0;
        return key_maker_start(signer->config->key_type,
                               store_certificate_key,
                               signer,
                               &signer->certificate_maker);
}

int signer_certificate_key(Signer *signer, EVP_PKEY **ret)
{
        int r;

        r = signer_find_certificate_key(signer, ret);
        if (r != -ENOENT)
                return r;
        r = start_certificate_maker(signer);
        if (r == 0)
                r = take(&signer->certificate_maker, &signer->pending_key);
        if (r < 0)
                return r;
        *ret = signer->pending_key;
        audit(AUDIT_CERTIFICATE_KEY_MADE,
              "Made a key for the next certificate",
              {AUDIT_KEY_TYPE, key_type_to_string(signer->config->key_type)});
        return 0;
}

int signer_take_key(Signer *signer, EVP_PKEY *key)
{
        int r;

        /* Its maker may be writing where this one is to be. */
        key_maker_free(TAKE_PTR(signer->certificate_maker));
        signer_drop_pending(signer);
        (void) signer_write_state(signer);
        r = store_write_pending(signer->store, key);
        if (r == 0)
                signer->pending_key = key;
        return r;
}

/* Failures come again where the keys are used, and are answered there. */
static int on_prepare(sd_event_source *source _unused_, void *userdata)
{
        Signer *signer = userdata;
        EVP_PKEY *key;
        int r = 0;

        if (!signer->account_maker && !signer->account_door)
                r = account_load_key(signer->account, &key);
        if (r == -ENOENT)
                r = start_account_maker(signer);
        if (r == 0 && signer_find_certificate_key(signer, &key) == -ENOENT)
                r = start_certificate_maker(signer);
        if (r < 0)
                log_debug("Failed to prepare the keys of %s: %s", signer->name, strerror(-r));
        return 0;
}

void signer_prepare_keys(Signer *signer)
{
        if (!signer->prepare_source)
                (void) sd_event_add_defer(signer->event,
                                          &signer->prepare_source,
                                          on_prepare,
                                          signer);
}
