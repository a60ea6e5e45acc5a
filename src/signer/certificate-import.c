/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ImportKey: root has put a private key beside the generations, and the next certificate is to be
 * for it. Nobody but root can put it there, and it may still be any file, by mistake. Whatever
 * comes of it, the file is removed: what is taken is kept as the next certificate's key, on disk
 * before the file goes. */

#include "base/audit.h"
#include "base/log.h"
#include "signer/policy.h"
#include "signer/retired.h"

/* Before the answer, so that nobody who has it finds the file. */
static void drop_file(Signer *signer)
{
        int r = store_drop_import(signer->store);

        if (r < 0)
                log_warning_errno(r,
                                  "Failed to remove " STORE_PATH "/certs/%s/" STORE_IMPORT_KEY_FILE,
                                  signer->name);
}

/* reason: a word of io.acmeward.Signer(7). Return: POLICY_E_REFUSED, -errno. */
static int refuse(Signer *signer, VarlinkCall *call, const char *reason, const char *message)
{
        struct json_object *parameters = json_object_new_object();

        drop_file(signer);
        if (!parameters || json_add_string(parameters, "reason", reason) < 0 ||
            json_add_string(parameters, "message", message) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return policy_refuse(signer, call, "KeyRefused", parameters, message, NULL);
}

static int refuse_type(Signer *signer, VarlinkCall *call, KeyType type)
{
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message,
                     "The key is of type %s, and KeyType= of %s is %s: the next renewal would drop "
                     "it. Set KeyType=%s first",
                     key_type_to_string(type),
                     signer->name,
                     key_type_to_string(signer->config->key_type),
                     key_type_to_string(type)) < 0) {
                message = NULL;
                return -ENOMEM;
        }
        return refuse(signer, call, "keyType", message);
}

/* Return: 0, POLICY_E_REFUSED, -errno. */
static int check_type(Signer *signer, VarlinkCall *call, EVP_PKEY *key)
{
        KeyType type = key_get_type(key);

        if (type == KEY_TYPE_INVALID || type == KEY_TYPE_ED25519)
                return refuse(signer,
                              call,
                              "kind",
                              "The key is of no kind that KeyType= has a name for");
        return type == signer->config->key_type ? 0 : refuse_type(signer, call, type);
}

/* Return: 0, POLICY_E_REFUSED, -errno. */
static int check_use(Signer *signer, VarlinkCall *call, EVP_PKEY *key)
{
        int r;

        signer_heed_replacement(signer);
        r = retired_has(signer->root, key);
        if (r > 0)
                return refuse(signer,
                              call,
                              "retired",
                              "The key is retired, since others may know it");
        if (r == 0)
                r = accounts_have_key(signer->root, key);
        /* RFC 8555 section 11.1. */
        if (r > 0)
                return refuse(signer, call, "account", "The key is an account's at a CA");
        return r;
}

/* Return: 0, POLICY_E_REFUSED, -errno. */
static int read_key(Signer *signer, VarlinkCall *call, EVP_PKEY **ret)
{
        int r;

        if (config_key_is_elsewhere(signer->config))
                return refuse(signer,
                              call,
                              "elsewhere",
                              "The configuration has the certificate be for a key that somebody "
                              "else keeps");
        r = store_read_import(signer->store, ret);
        if (r == -ENOENT)
                return refuse(signer, call, "missing", "There is no key to be taken over");
        if (r == -EBADMSG || r == -EFBIG)
                return refuse(signer,
                              call,
                              "notKey",
                              "The file is no private key without a password, in PEM or as a JWK");
        return r;
}

/* Return: 0, POLICY_E_REFUSED, -errno. */
static int import(Signer *signer, VarlinkCall *call, char fingerprint[RETIRED_FINGERPRINT_MAX])
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        int r;

        r = read_key(signer, call, &key);
        if (r == 0)
                r = check_type(signer, call, key);
        if (r == 0)
                r = check_use(signer, call, key);
        if (r == 0)
                r = retired_fingerprint(key, fingerprint);
        if (r == 0)
                r = signer_take_key(signer, key);
        if (r == 0)
                key = NULL;
        return r;
}

static int reply(Signer *signer, VarlinkCall *call, const char *fingerprint)
{
        const char *type = key_type_to_string(key_get_type(signer->pending_key));
        _cleanup_json_ struct json_object *object = json_object_new_object();

        audit(AUDIT_KEY_IMPORTED,
              "Took over a key for the next certificate",
              {AUDIT_KEY_TYPE, type},
              {AUDIT_FINGERPRINT, fingerprint});
        if (!object || json_add_string(object, "keyType", type) < 0 ||
            json_add_string(object, "fingerprint", fingerprint) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(object));
}

int method_import_key(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        char fingerprint[RETIRED_FINGERPRINT_MAX];
        Signer *signer = userdata;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return MIN(r, 0);
        r = import(signer, call, fingerprint);
        if (r > 0)
                return 0;
        drop_file(signer);
        if (r < 0 && r != -ENOMEM)
                r = policy_store_failed(signer,
                                        call,
                                        r,
                                        "Failed to take over a key for %s",
                                        signer->name);
        return r == 0 ? reply(signer, call, fingerprint) : MIN(r, 0);
}
