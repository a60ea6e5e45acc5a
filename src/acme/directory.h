/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A CA's directory (RFC 8555 section 7.1.1): where its resources are. */

#include "json/json.h"

typedef struct Directory {
        struct json_object *object; /* owns the strings */
        const char *new_nonce;
        const char *new_account;
        const char *new_order;
        const char *terms_of_service; /* unescaped, of any scheme; NULL: none */
        bool external_account_required;
} Directory;

/* The URLs are of the grammar of url.h; whose they are is for the caller to compare.
 * Return: 0; -EBADMSG, *ret_field then names the member that is missing or wrong, or is NULL or
 * empty when the text is no JSON object; -ENOMEM. */
int directory_parse(const char *text, size_t length, Directory **ret, const char **ret_field);
void directory_free(Directory *directory);
DEFINE_CLEANUP(Directory *, directory_free);
