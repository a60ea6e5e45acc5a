/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kinds of keys, by the names that configuration and state use. */

#include "base/macro.h"

typedef enum KeyType {
        KEY_TYPE_EC_P256,
        KEY_TYPE_EC_P384,
        KEY_TYPE_RSA_2048,
        KEY_TYPE_RSA_3072,
        KEY_TYPE_RSA_4096,
        KEY_TYPE_ED25519, /* accounts only: no public CA issues for it */
        KEY_TYPE_MAX,
        KEY_TYPE_INVALID = -1,
} KeyType;

const char *key_type_to_string(KeyType type);
KeyType key_type_from_string(const char *s);

/* "ec", "rsa": kinds of keys that a server can use side by side; NULL for others. */
const char *key_type_family(KeyType type);
