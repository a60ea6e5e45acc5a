/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* /var/lib/acme/accounts/ACCOUNT/about.json: what an account's signer has written down for root. */

#include "config/config.h"

typedef struct AccountAbout AccountAbout;

typedef enum AccountKeyFormat {
        ACCOUNT_KEY_PEM,
        ACCOUNT_KEY_JWK,
        ACCOUNT_KEY_THUMBPRINT,
} AccountKeyFormat;

/* "pem", "jwk", "thumbprint". Return: 0, -EINVAL. */
int account_key_format_parse(const char *s, AccountKeyFormat *ret);

/* root: put before the path, "" but in tests. Return: 0; -ENOENT; -EBADMSG; -errno. */
int account_about_load(const char *root, const char *name, AccountAbout **ret);
void account_about_free(AccountAbout *about);
DEFINE_CLEANUP(AccountAbout *, account_about_free);

/* On standard output: all of it, for people; the public key alone. config: of the account; NULL
 * when it cannot be read, which leaves CAA records without their methods. Return: 0; -ENODATA when
 * it is not known; -ENOMEM. */
int account_about_show(const AccountAbout *about, const char *name, const Config *config);
int account_about_show_key(const AccountAbout *about, AccountKeyFormat format);
