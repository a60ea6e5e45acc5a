/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One table for both directions, so that they cannot drift apart. */

#include "config/key-type.h"

static const char *const key_type_names[KEY_TYPE_MAX] = {
                [KEY_TYPE_EC_P256] = "ec-p256",
                [KEY_TYPE_EC_P384] = "ec-p384",
                [KEY_TYPE_RSA_2048] = "rsa-2048",
                [KEY_TYPE_RSA_3072] = "rsa-3072",
                [KEY_TYPE_RSA_4096] = "rsa-4096",
                [KEY_TYPE_ED25519] = "ed25519",
};

const char *key_type_to_string(KeyType type)
{
        if (type < 0 || type >= KEY_TYPE_MAX)
                return NULL;
        return key_type_names[type];
}

const char *key_type_family(KeyType type)
{
        switch (type) {
        case KEY_TYPE_EC_P256:
        case KEY_TYPE_EC_P384:
                return "ec";
        case KEY_TYPE_RSA_2048:
        case KEY_TYPE_RSA_3072:
        case KEY_TYPE_RSA_4096:
                return "rsa";
        default:
                return NULL;
        }
}

KeyType key_type_from_string(const char *s)
{
        for (KeyType type = 0; s && type < KEY_TYPE_MAX; type++)
                if (streq(key_type_names[type], s))
                        return type;
        return KEY_TYPE_INVALID;
}
