/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which key, and when it is made: as soon as it is clear that one will be needed, so that the CA's
 * round trips and the making go on at the same time. */

#include "base/audit.h"
#include "base/log.h"
#include "signer/signer-internal.h"

static int start_account_maker(Signer *signer)
{
        if (signer->account_maker)
                return 0;
        return key_maker_start(signer->config->account_key_type, &signer->account_maker);
}

static void audit_account_key(Signer *signer, EVP_PKEY *key)
{
        audit(AUDIT_ACCOUNT_KEY_MADE,
              "Made the account's key",
              {AUDIT_CA, signer->config->ca},
              {AUDIT_KEY_TYPE, key_type_to_string(key_get_type(key))});
}

int signer_account_key(Signer *signer, EVP_PKEY **ret)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        bool made;
        int r;

        r = account_load_key(signer->account, ret);
        if (r != -ENOENT)
                return r;
        r = start_account_maker(signer);
        if (r == 0)
                r = key_maker_take(signer->account_maker, &key);
        key_maker_free(signer->account_maker);
        signer->account_maker = NULL;
        if (r == 0)
                r = account_add_key(signer->account, key, ret, &made);
        if (r < 0)
                return r;
        if (made)
                audit_account_key(signer, *ret);
        return 0;
}

int signer_find_certificate_key(Signer *signer, EVP_PKEY **ret)
{
        if (signer->pending_key)
                *ret = signer->pending_key;
        else if (signer->live_key && key_get_type(signer->live_key) == signer->config->key_type)
                *ret = signer->live_key;
        else
                return -ENOENT;
        return 0;
}

static int start_certificate_maker(Signer *signer)
{
        if (signer->certificate_maker)
                return 0;
        return key_maker_start(signer->config->key_type, &signer->certificate_maker);
}

int signer_certificate_key(Signer *signer, EVP_PKEY **ret)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        int r;

        r = signer_find_certificate_key(signer, ret);
        if (r != -ENOENT)
                return r;
        r = start_certificate_maker(signer);
        if (r == 0)
                r = key_maker_take(signer->certificate_maker, &key);
        key_maker_free(signer->certificate_maker);
        signer->certificate_maker = NULL;
        /* On disk before anybody hears of it: a chain for a lost key would be worth nothing. */
        if (r == 0)
                r = store_write_pending(signer->store, key);
        if (r < 0)
                return r;
        *ret = signer->pending_key = TAKE_PTR(key);
        audit(AUDIT_CERTIFICATE_KEY_MADE,
              "Made a key for the next certificate",
              {AUDIT_KEY_TYPE, key_type_to_string(signer->config->key_type)});
        return 0;
}

/* A slow key is only started here, and waited for where it is used. Failures come again there, and
 * are answered there. */
static int on_prepare(sd_event_source *source _unused_, void *userdata)
{
        Signer *signer = userdata;
        EVP_PKEY *key;
        int r;

        r = account_load_key(signer->account, &key);
        if (r == -ENOENT)
                r = start_account_maker(signer);
        if (r == 0 && signer->account_maker && key_type_is_quick(signer->config->account_key_type))
                r = signer_account_key(signer, &key);
        if (r < 0)
                log_debug("Failed to prepare the account's key: %s", strerror(-r));

        r = signer_find_certificate_key(signer, &key);
        if (r == -ENOENT)
                r = start_certificate_maker(signer);
        if (r == 0 && signer->certificate_maker && key_type_is_quick(signer->config->key_type))
                r = signer_certificate_key(signer, &key);
        if (r < 0)
                log_debug("Failed to prepare the certificate's key: %s", strerror(-r));
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
