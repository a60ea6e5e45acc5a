/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where a private key is that no file of ours has: a URI that OpenSSL's store takes (RFC 7512). The
 * files are world-readable, so that nothing may stand in it that opens the token. */

#include "config/value.h"

/* Longer than any that a token's label, an object's and an id need. */
#define KEY_URI_MAX 512U

static int refuse(const char **ret_reason, const char *reason)
{
        *ret_reason = reason;
        return VALUE_E_INVALID;
}

int value_check_key_uri(const char *word, char **ret, const char **ret_reason)
{
        const char *path = startswith(word, "pkcs11:");

        /* A file would be a key like ours, and an engine's or a TPM's scheme is not for OpenSSL's
         * store but for providers that nobody has shown to work here. */
        if (!path)
                return refuse(ret_reason, "no scheme but pkcs11: is known");
        if (!*path || strlen(word) > KEY_URI_MAX)
                return refuse(ret_reason, "it is empty, or has more than 512 bytes");
        for (const char *p = word; *p; p++)
                if (*p <= ' ' || *p > '~')
                        return refuse(ret_reason,
                                      "it has printable ASCII characters only; others, and "
                                      "blanks, are written %XX");
        if (strchr(word, '?'))
                return refuse(ret_reason,
                              "what stands behind '?' has no place in a file that everybody "
                              "reads: the PIN is the credential acme.pkcs11-pin, and the module "
                              "the unit's environment");
        return free_and_strdup(ret, word);
}

int value_check_account_key(const char *word, char **ret, const char **ret_reason)
{
        const char *uri = word + strcspn(word, " \t");
        _cleanup_free_ char *label = NULL, *normal_label = NULL, *normal_uri = NULL;
        int r;

        uri += strspn(uri, " \t");
        if (!*uri)
                return value_check_key_uri(word, ret, ret_reason);
        label = strndup(word, strcspn(word, " \t"));
        if (!label)
                return -ENOMEM;
        r = value_check_account(label, &normal_label, ret_reason);
        if (r == 0)
                r = value_check_key_uri(uri, &normal_uri, ret_reason);
        if (r != 0)
                return r;
        return asprintf(ret, "%s %s", normal_label, normal_uri) < 0 ? -ENOMEM : 0;
}
