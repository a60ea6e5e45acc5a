/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "signer/account-record.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "signer/account-internal.h"
#include "signer/jwk.h"
#include "json/json.h"

#define RECORD_FILE "about.json"
#define RECORD_BYTES_MAX (128U * 1024U)

typedef struct RawRecord {
        int64_t request_usec;
        const char *terms_of_service;
        struct json_object *contact, *caa_identities;
} RawRecord;

static const JsonField fields[] = {
                {"requestUsec",
                 JSON_INTEGER,
                 offsetof(RawRecord, request_usec),
                 0,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"termsOfService",
                 JSON_STRING,
                 offsetof(RawRecord, terms_of_service),
                 0,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"contact",
                 JSON_STRING_ARRAY,
                 offsetof(RawRecord, contact),
                 0,
                 NULL,
                 JSON_NULLABLE,
                 ACCOUNT_CONTACTS_MAX},
                {"caaIdentities",
                 JSON_STRING_ARRAY,
                 offsetof(RawRecord, caa_identities),
                 0,
                 directory_caa_identity_is_valid,
                 JSON_NULLABLE,
                 DIRECTORY_CAA_IDENTITIES_MAX},
                {},
};

static void bio_freep(BIO **bio)
{
        BIO_free_all(*bio);
}

void account_record_done(AccountRecord *record)
{
        strv_free(record->contact);
        strv_free(record->caa_identities);
        free(record->terms_of_service);
        free(record->failure);
        *record = (AccountRecord){};
}

int account_record_load(const Account *account, AccountRecord *ret)
{
        _cleanup_json_ struct json_object *object = NULL;
        _cleanup_free_ char *text = NULL;
        RawRecord raw = {};
        size_t length;
        int r;

        *ret = (AccountRecord){};
        r = file_read(account->fd, RECORD_FILE, RECORD_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r == 0)
                r = json_parse(text, length, &object);
        if (r == 0 && json_object_is_type(object, json_type_object))
                r = json_dispatch(object, fields, &raw, JSON_ALLOW_UNKNOWN, NULL);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        ret->request_usec = (usec_t) raw.request_usec;
        r = free_and_strdup(&ret->terms_of_service, raw.terms_of_service);
        if (r == 0 && raw.contact)
                r = json_to_strv(raw.contact, &ret->contact);
        if (r == 0 && raw.caa_identities)
                r = json_to_strv(raw.caa_identities, &ret->caa_identities);
        return r;
}

static int add_optional(struct json_object *object, const char *name, const char *value)
{
        return value ? json_add_string(object, name, value) : 0;
}

/* The public half, in both of its forms. Return: 0, -errno. */
static int add_key(struct json_object *object, EVP_PKEY *key)
{
        _cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
        struct json_object *jwk;
        char *text;
        long length;
        int r;

        if (!bio)
                return -ENOMEM;
        if (PEM_write_bio_PUBKEY(bio, key) != 1) {
                ERR_clear_error();
                return -EIO;
        }
        length = BIO_get_mem_data(bio, &text);
        r = json_add(object, "publicKey", json_object_new_string_len(text, (int) length));
        if (r == 0)
                r = jwk_new(key, &jwk);
        return r == 0 ? json_add(object, "jwk", jwk) : r;
}

static int fill(struct json_object *object,
                const Account *account,
                const char *ca,
                const AccountRecord *record)
{
        const char *url = account_url(account);
        int r;

        if (json_add_string(object, "ca", ca) < 0 ||
            json_add_string(object, "directory", account->directory) < 0 ||
            add_optional(object, "account", url) < 0 ||
            add_optional(object, "thumbprint", account->thumbprint) < 0 ||
            add_optional(object, "termsOfService", record->terms_of_service) < 0 ||
            add_optional(object, "failure", record->failure) < 0 ||
            json_add_strv(object, "contact", record->contact) < 0 ||
            json_add_strv(object, "caaIdentities", record->caa_identities) < 0 ||
            json_add_integer(object, "requestUsec", (int64_t) record->request_usec) < 0)
                return -ENOMEM;
        r = account->key ? add_key(object, account->key) : 0;
        if (r == 0 && url)
                r = json_add_string(object,
                                    "status",
                                    account->is_deactivated ? "deactivated" : "valid");
        return r;
}

int account_record_write(const Account *account, const char *ca, const AccountRecord *record)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();
        const char *text;
        size_t length;
        int r;

        if (!object)
                return -ENOMEM;
        r = fill(object, account, ca, record);
        if (r == 0)
                r = json_format(object, &text, &length);
        return r == 0 ? file_replace(account->fd, RECORD_FILE, text, length, 0600) : r;
}
