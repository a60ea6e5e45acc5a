/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signer has checked what it wrote by the grammars of its interface; what the CA said for
 * people is escaped here. */

#include "ctl/account-about.h"

#include <fcntl.h>

#include "base/escape.h"
#include "base/file.h"
#include "json/json.h"

#define ABOUT_BYTES_MAX (128U * 1024U)

struct AccountAbout {
        struct json_object *object; /* owns the rest */
        const char *ca, *directory, *account, *status, *thumbprint;
        const char *public_key, *terms_of_service;
        struct json_object *jwk, *contact, *caa_identities;
};

#define STRING(key, member)                                                                        \
        {                                                                                          \
                key, JSON_STRING, offsetof(AccountAbout, member), 0, NULL, JSON_NULLABLE, 0        \
        }

static const JsonField fields[] = {
                STRING("ca", ca),
                STRING("directory", directory),
                STRING("account", account),
                STRING("status", status),
                STRING("thumbprint", thumbprint),
                STRING("publicKey", public_key),
                STRING("termsOfService", terms_of_service),
                {"jwk", JSON_OBJECT, offsetof(AccountAbout, jwk), 0, NULL, JSON_NULLABLE, 0},
                {"contact",
                 JSON_STRING_ARRAY,
                 offsetof(AccountAbout, contact),
                 0,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"caaIdentities",
                 JSON_STRING_ARRAY,
                 offsetof(AccountAbout, caa_identities),
                 0,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {},
};

int account_key_format_parse(const char *s, AccountKeyFormat *ret)
{
        static const char *const names[] = {
                        [ACCOUNT_KEY_PEM] = "pem",
                        [ACCOUNT_KEY_JWK] = "jwk",
                        [ACCOUNT_KEY_THUMBPRINT] = "thumbprint",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i], s)) {
                        *ret = (AccountKeyFormat) i;
                        return 0;
                }
        return -EINVAL;
}

void account_about_free(AccountAbout *about)
{
        if (!about)
                return;
        json_object_put(about->object);
        free(about);
}

int account_about_load(const char *root, const char *name, AccountAbout **ret)
{
        _cleanup_(account_about_freep) AccountAbout *about = calloc(1, sizeof(*about));
        _cleanup_free_ char *path = NULL, *text = NULL;
        size_t length;
        int r;

        if (!about || asprintf(&path, "%s/var/lib/acme/accounts/%s/about.json", root, name) < 0)
                return -ENOMEM;
        r = file_read(AT_FDCWD, path, ABOUT_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r == 0)
                r = json_parse(text, length, &about->object);
        if (r == 0 && !json_object_is_type(about->object, json_type_object))
                r = -EBADMSG;
        if (r == 0)
                r = json_dispatch(about->object, fields, about, JSON_ALLOW_UNKNOWN, NULL);
        if (r == 0)
                *ret = TAKE_PTR(about);
        return r;
}

/* Return: 0, -ENOMEM. */
static int show_line(const char *label, const char *value)
{
        _cleanup_free_ char *shown = NULL;

        if (!value)
                return 0;
        shown = escape_foreign(value, strlen(value), FOREIGN_TEXT_MAX);
        if (!shown)
                return -ENOMEM;
        printf("%12s: %s\n", label, shown);
        return 0;
}

/* "; validationmethods=http-01,dns-01" (RFC 8657 section 4). Return: 0, -ENOMEM. */
static int format_methods(const Config *config, char **ret)
{
        _cleanup_free_ char *text = strdup("");

        for (size_t i = 0; text && config && i < config->n_challenges; i++) {
                char *longer;

                if (asprintf(&longer,
                             "%s%s%s",
                             text,
                             i > 0 ? "," : "; validationmethods=",
                             challenge_type_to_string(config->challenges[i])) < 0)
                        longer = NULL;
                free(text);
                text = longer;
        }
        *ret = TAKE_PTR(text);
        return *ret ? 0 : -ENOMEM;
}

/* What pins the account in DNS (RFC 8659 section 4.2, RFC 8657). */
static int show_caa(const AccountAbout *about, const Config *config)
{
        _cleanup_free_ char *methods = NULL;
        size_t n = about->caa_identities ? json_object_array_length(about->caa_identities) : 0;

        if (format_methods(config, &methods) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n && about->account; i++) {
                struct json_object *identity = json_object_array_get_idx(about->caa_identities, i);
                _cleanup_free_ char *record = NULL;

                if (asprintf(&record,
                             "0 issue \"%s; accounturi=%s%s\"",
                             json_object_get_string(identity),
                             about->account,
                             methods) < 0) {
                        record = NULL;
                        return -ENOMEM;
                }
                if (show_line("CAA record", record) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int account_about_show(const AccountAbout *about, const char *name, const Config *config)
{
        size_t n = about->contact ? json_object_array_length(about->contact) : 0;
        int r;

        r = show_line("Name", name);
        if (r == 0)
                r = show_line("Account", about->account);
        if (r == 0)
                r = show_line("Status", about->status);
        if (r == 0)
                r = show_line("CA", about->directory);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = show_line("Contact",
                              json_object_get_string(json_object_array_get_idx(about->contact, i)));
        if (r == 0)
                r = show_line("Terms", about->terms_of_service);
        if (r == 0)
                r = show_line("Thumbprint", about->thumbprint);
        return r == 0 ? show_caa(about, config) : r;
}

int account_about_show_key(const AccountAbout *about, AccountKeyFormat format)
{
        const char *text = about->public_key;
        int r;

        if (format == ACCOUNT_KEY_THUMBPRINT)
                text = about->thumbprint;
        if (format == ACCOUNT_KEY_JWK) {
                if (!about->jwk)
                        return -ENODATA;
                r = json_format(about->jwk, &text, NULL);
                if (r < 0)
                        return r;
        }
        if (!text)
                return -ENODATA;
        /* PEM has its own end of line. */
        printf("%s%s", text, format == ACCOUNT_KEY_PEM ? "" : "\n");
        return 0;
}
