/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Of an account's object nothing but the status decides anything: what it is for, and with which
 * contact, is the signer's to say. */

#include "acme/account.h"

static const char *const status_names[] = {
                [ACCOUNT_VALID] = "valid",
                [ACCOUNT_DEACTIVATED] = "deactivated",
                [ACCOUNT_REVOKED] = "revoked",
};

typedef struct RawAccount {
        const char *status;
} RawAccount;

int account_status_parse(const char *text, size_t length, AccountStatus *ret)
{
        static const JsonField fields[] = {
                        {"status",
                         JSON_STRING,
                         offsetof(RawAccount, status),
                         32,
                         NULL,
                         JSON_MANDATORY},
                        {},
        };
        _cleanup_json_ struct json_object *object = NULL;
        RawAccount raw = {};
        int r;

        r = json_parse(text, length, &object);
        if (r < 0)
                return r;
        r = json_dispatch(object, fields, &raw, JSON_ALLOW_UNKNOWN, NULL);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(status_names); i++)
                if (streq(raw.status, status_names[i])) {
                        *ret = (AccountStatus) i;
                        return 0;
                }
        return -EBADMSG;
}

int account_contact_parse(const char *text, size_t length, char ***ret)
{
        static const JsonField fields[] = {
                        {"contact",
                         JSON_STRING_ARRAY,
                         0,
                         ACCOUNT_CONTACT_MAX,
                         NULL,
                         JSON_NULLABLE,
                         ACCOUNT_CONTACTS_MAX},
                        {},
        };
        _cleanup_json_ struct json_object *object = NULL;
        struct json_object *contact = NULL;
        int r;

        *ret = NULL;
        r = json_parse(text, length, &object);
        if (r == 0)
                r = json_dispatch(object, fields, &contact, JSON_ALLOW_UNKNOWN, NULL);
        if (r == -EBADMSG)
                return 0;
        return r == 0 && contact ? json_to_strv(contact, ret) : r;
}

const char *account_status_to_string(AccountStatus status)
{
        return status_names[status];
}
