/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A CA's directory (RFC 8555 section 7.1.1): where its resources are. */

#include "base/strv.h"
#include "json/json.h"

/* More than any CA has; what is beyond is passed over. */
#define DIRECTORY_PROFILES_MAX 64U

#define DIRECTORY_CAA_IDENTITIES_MAX 16U
#define DIRECTORY_CAA_IDENTITY_MAX 253U

typedef struct Directory {
        struct json_object *object; /* owns the strings */
        const char *new_nonce;
        const char *new_account;
        const char *new_order;
        const char *revoke_cert;      /* NULL: it has none, against section 7.1.1 */
        const char *key_change;       /* NULL: it has none */
        const char *renewal_info;     /* RFC 9773; NULL: it has none */
        const char *terms_of_service; /* unescaped, of any scheme; NULL: none */
        char **profiles;              /* names of those that it offers and we could name; sorted */
        char **caa_identities; /* by which CAA records name the CA; what is no domain is passed over
                                */
        bool external_account_required;
} Directory;

/* A domain name as an issuer's in a CAA record (RFC 8659 section 4.2). */
bool directory_caa_identity_is_valid(const char *s);

/* The URLs are of the grammar of url.h; whose they are is for the caller to compare.
 * Return: 0; -EBADMSG, *ret_field then names the member that is missing or wrong, or is NULL or
 * empty when the text is no JSON object; -ENOMEM. */
int directory_parse(const char *text, size_t length, Directory **ret, const char **ret_field);
void directory_free(Directory *directory);
DEFINE_CLEANUP(Directory *, directory_free);
