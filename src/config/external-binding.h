/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* acme.external-accounts: what CAs that have customers gave an administrator to register with (RFC
 * 8555 section 7.3.4), a line for each account by its name (account-name.h):
 *
 *     ACCOUNT KEY-ID MAC-KEY [HS256|HS384|HS512]
 *
 * The signer reads it, as a credential; acmectl writes it. All of it is a secret, and erased by who
 * has it. */

#include "base/macro.h"

/* The name of the file, and of the credential; the encrypted one has a suffix, since systemd 252
 * looks for encrypted ones among the plain ones as well. */
#define EXTERNAL_BINDINGS "acme.external-accounts"
#define EXTERNAL_BINDINGS_ENCRYPTED EXTERNAL_BINDINGS ".encrypted"
#define EXTERNAL_BINDINGS_BYTES_MAX (64U * 1024U)

/* HMAC takes any length. RFC 7518 section 3.2 wants that of the hash; CAs with less than that are
 * the CA's to judge, and what is shorter than this is a slip of the pen. */
#define EXTERNAL_BINDING_KEY_MIN 16U
#define EXTERNAL_BINDING_KEY_MAX 1024U

typedef struct ExternalBinding {
        const char *key_id; /* borrowed from the text */
        unsigned char mac_key[EXTERNAL_BINDING_KEY_MAX];
        size_t mac_key_bytes;
        const char *algorithm; /* RFC 7518 section 3.1: "HS256", */
        const char *digest;    /* and what it stands on: "SHA256" */
} ExternalBinding;
void external_binding_done(ExternalBinding *binding);

/* KEY-ID MAC-KEY [ALGORITHM]. words is cut to pieces. Return: NULL; or what is wrong with them, a
 * constant. */
const char *external_binding_parse(char *words, ExternalBinding *ret);

/* Finds the account's line in the text, which is cut to pieces. Of the other lines nothing is
 * looked at but the name: what is wrong with them is their accounts' affair.
 * Return: 0; -ENOENT; -EBADMSG, *ret_line and *ret_reason say why then. */
int external_binding_find(char *text,
                          const char *account,
                          ExternalBinding *ret,
                          unsigned *ret_line,
                          const char **ret_reason);

/* The text with this line for the account, in the place of the first that it has, or at the end;
 * every other line is as it was. *ret: owned, a secret. Return: 0; -EFBIG when that is too large;
 * -ENOMEM. */
int external_binding_replace(const char *text,
                             const char *account,
                             const ExternalBinding *binding,
                             char **ret);
