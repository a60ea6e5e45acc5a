/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The directory. Members that we do not know are somebody else's (section 9.7.5) and are passed
 * over. */

#include "acme/directory.h"

#include "acme/url.h"

static const JsonField fields[] = {
                {"newNonce",
                 JSON_STRING,
                 offsetof(Directory, new_nonce),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_MANDATORY},
                {"newAccount",
                 JSON_STRING,
                 offsetof(Directory, new_account),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_MANDATORY},
                {"newOrder",
                 JSON_STRING,
                 offsetof(Directory, new_order),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_MANDATORY},
                {},
};

static const JsonField meta_fields[] = {
                {"termsOfService",
                 JSON_STRING,
                 offsetof(Directory, terms_of_service),
                 ACME_URL_MAX,
                 NULL,
                 JSON_NULLABLE},
                {"externalAccountRequired",
                 JSON_BOOLEAN,
                 offsetof(Directory, external_account_required),
                 0,
                 NULL,
                 JSON_NULLABLE},
                {},
};

int directory_parse(const char *text, size_t length, Directory **ret, const char **ret_field)
{
        _cleanup_(directory_freep) Directory *d = NULL;
        struct json_object *meta;
        int r;

        *ret_field = NULL;
        d = calloc(1, sizeof(*d));
        if (!d)
                return -ENOMEM;
        r = json_parse(text, length, &d->object);
        if (r < 0)
                return r;
        r = json_dispatch(d->object, fields, d, JSON_ALLOW_UNKNOWN, ret_field);
        if (r < 0)
                return r;
        if (json_object_object_get_ex(d->object, "meta", &meta) && meta) {
                r = json_dispatch(meta, meta_fields, d, JSON_ALLOW_UNKNOWN, ret_field);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(d);
        return 0;
}

void directory_free(Directory *directory)
{
        if (!directory)
                return;
        json_object_put(directory->object);
        free(directory);
}
