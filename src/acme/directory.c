/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The directory. Members that we do not know are somebody else's (section 9.7.5) and are passed
 * over. */

#include "acme/directory.h"

#include "acme/profile.h"
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
                {"revokeCert",
                 JSON_STRING,
                 offsetof(Directory, revoke_cert),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_NULLABLE},
                {"keyChange",
                 JSON_STRING,
                 offsetof(Directory, key_change),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_NULLABLE},
                {"renewalInfo",
                 JSON_STRING,
                 offsetof(Directory, renewal_info),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_NULLABLE},
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

/* Its members' names are the profiles, their values are for people. One that we could not name in a
 * configuration is passed over. Return: 0, -ENOMEM. */
static int take_profiles(struct json_object *profiles, char ***ret)
{
        _cleanup_strv_free_ char **names = NULL;
        size_t n = 0;

        json_object_object_foreach (profiles, name, value) {
                (void) value;
                if (!acme_profile_is_valid(name) || n++ >= DIRECTORY_PROFILES_MAX)
                        continue;
                if (strv_append(&names, name) < 0)
                        return -ENOMEM;
        }
        strv_sort_unique(names);
        *ret = TAKE_PTR(names);
        return 0;
}

bool directory_caa_identity_is_valid(const char *s)
{
        static const char letters[] =
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
        size_t n = strlen(s);

        return n > 0 && n <= DIRECTORY_CAA_IDENTITY_MAX && strspn(s, letters) == n;
}

/* Return: 0, -ENOMEM. */
static int take_caa_identities(struct json_object *list, char ***ret)
{
        size_t n = MIN(json_object_array_length(list), (size_t) DIRECTORY_CAA_IDENTITIES_MAX);

        for (size_t i = 0; i < n; i++) {
                struct json_object *item = json_object_array_get_idx(list, i);

                if (!json_object_is_type(item, json_type_string) ||
                    !directory_caa_identity_is_valid(json_object_get_string(item)))
                        continue;
                if (strv_append(ret, json_object_get_string(item)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Of meta: what is a list or a table. Return: 0, -ENOMEM. */
static int take_lists(struct json_object *meta, Directory *d)
{
        struct json_object *value;
        int r = 0;

        if (json_object_object_get_ex(meta, "profiles", &value) &&
            json_object_is_type(value, json_type_object))
                r = take_profiles(value, &d->profiles);
        if (r == 0 && json_object_object_get_ex(meta, "caaIdentities", &value) &&
            json_object_is_type(value, json_type_array))
                r = take_caa_identities(value, &d->caa_identities);
        return r;
}

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
                if (r == 0)
                        r = take_lists(meta, d);
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
        strv_free(directory->profiles);
        strv_free(directory->caa_identities);
        json_object_put(directory->object);
        free(directory);
}
