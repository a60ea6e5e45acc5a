/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* External account binding. PID 1 hands the credential to the signer's units alone; who wrote it is
 * root. It is read when it is needed, once in an account's life, and erased at once.
 *
 * What comes of it, a MAC over the account's public key (section 7.3.4), is good for this key
 * alone: the client, which sees it, can bind no other. */

#include "signer/external-account.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "base/base64url.h"
#include "base/file.h"
#include "config/account-name.h"
#include "signer/jwk.h"

#define CREDENTIAL_BYTES_MAX (64U * 1024U)
#define BLANK " \t\r"

/* CAs give 20 to 90 characters. */
#define KEY_ID_MAX 512U

/* HMAC takes any length. RFC 7518 section 3.2 wants that of the hash; CAs with less than that are
 * the CA's to judge, and what is shorter than this is a slip of the pen. */
#define MAC_KEY_MIN 16U
#define MAC_KEY_MAX 1024U

/* Where the two forms of the credential are, by the units' LoadCredential= and
 * LoadCredentialEncrypted=. */
static const char *const credentials[] = {
                EXTERNAL_ACCOUNTS_CREDENTIAL,
                EXTERNAL_ACCOUNTS_CREDENTIAL ".encrypted",
};

/* RFC 7518 section 3.1. */
static const struct {
        const char *name, *digest;
} algorithms[] = {
                {"HS256", "SHA256"},
                {"HS384", "SHA384"},
                {"HS512", "SHA512"},
};

/* Of one line, borrowed from the text; which is a secret. */
typedef struct Binding {
        const char *key_id;
        unsigned char mac_key[MAC_KEY_MAX];
        size_t mac_key_bytes;
        size_t algorithm; /* in the table above */
} Binding;

static void binding_done(Binding *binding)
{
        explicit_bzero(binding, sizeof(*binding));
}

/* Return: 0; -ENOENT; -errno. */
static int read_credential(char **ret)
{
        const char *path = getenv("CREDENTIALS_DIRECTORY");
        _cleanup_close_ int fd = -EBADF;
        int r = -ENOENT;

        if (!path)
                return -ENOENT;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        for (size_t i = 0; r == -ENOENT && i < ELEMENTSOF(credentials); i++)
                r = file_read(fd, credentials[i], CREDENTIAL_BYTES_MAX, O_NOFOLLOW, ret, NULL);
        return r;
}

/* Some CAs show it in the other alphabet of RFC 4648, and with its padding. */
static bool take_mac_key(char *word, Binding *binding)
{
        for (char *p = word; *p; p++) {
                if (*p == '+')
                        *p = '-';
                if (*p == '/')
                        *p = '_';
        }
        for (size_t n = strlen(word); n > 0 && word[n - 1] == '='; n--)
                word[n - 1] = 0;
        return base64url_decode(word,
                                binding->mac_key,
                                sizeof(binding->mac_key),
                                &binding->mac_key_bytes) == 0 &&
               binding->mac_key_bytes >= MAC_KEY_MIN;
}

static bool take_algorithm(const char *word, Binding *binding)
{
        for (size_t i = 0; i < ELEMENTSOF(algorithms); i++)
                if (streq(algorithms[i].name, word)) {
                        binding->algorithm = i;
                        return true;
                }
        return false;
}

static bool key_id_is_valid(const char *s)
{
        size_t n = strlen(s);

        for (size_t i = 0; i < n; i++)
                if (s[i] <= ' ' || s[i] > '~')
                        return false;
        return n > 0 && n <= KEY_ID_MAX;
}

/* What is behind the account's name in a line. Return: NULL; or what is wrong with it. */
static const char *take_words(char *rest, Binding *binding)
{
        char *key_id = strtok_r(rest, BLANK, &rest);
        char *mac_key = strtok_r(NULL, BLANK, &rest);
        char *algorithm = strtok_r(NULL, BLANK, &rest);

        if (!mac_key || strtok_r(NULL, BLANK, &rest))
                return "ACCOUNT KEY-ID MAC-KEY and, if it is not HS256, the algorithm are wanted";
        if (!key_id_is_valid(key_id))
                return "a key identifier is 1 to 512 printable ASCII characters";
        if (!take_mac_key(mac_key, binding))
                return "a MAC key is 16 to 1024 bytes in base64url";
        if (algorithm && !take_algorithm(algorithm, binding))
                return "an algorithm is one of HS256, HS384, HS512";
        binding->key_id = key_id;
        return NULL;
}

/* Finds the account's line in the text, which is cut to pieces. Of the other lines nothing is
 * looked at but the name: what is wrong with them is their accounts' affair.
 * Return: 0; -ENOENT; -EBADMSG, *ret_line and *ret_reason say why then. */
static int
find(char *text, const char *account, Binding *binding, unsigned *ret_line, const char **ret_reason)
{
        bool is_found = false;
        char *next = text;

        *ret_line = 0;
        for (char *line = strsep(&next, "\n"); line; line = strsep(&next, "\n")) {
                char *rest, *name = strtok_r(line, BLANK, &rest);

                ++*ret_line;
                if (!name || *name == '#')
                        continue;
                *ret_reason = NULL;
                if (!account_name_is_valid(name))
                        *ret_reason = "the name of an account is CA or CA@LABEL";
                else if (!streq(name, account))
                        continue;
                else if (is_found)
                        *ret_reason = "there is a line for this account already";
                else
                        *ret_reason = take_words(rest, binding);
                if (*ret_reason)
                        return -EBADMSG;
                is_found = true;
        }
        return is_found ? 0 : -ENOENT;
}

/* A JSON value in base64url. Return: 0, -ENOMEM. */
static int encode(struct json_object *value, char **ret)
{
        const char *text;
        size_t length;
        int r;

        r = json_format(value, &text, &length);
        if (r < 0)
                return r;
        *ret = base64url_encode(text, length);
        return *ret ? 0 : -ENOMEM;
}

/* RFC 7518 section 3.2. Return: 0; -EIO; -ENOMEM. */
static int mac(const Binding *binding, const char *input, size_t length, char **ret)
{
        unsigned char code[EVP_MAX_MD_SIZE];
        size_t n;

        if (!EVP_Q_mac(NULL,
                       "HMAC",
                       NULL,
                       algorithms[binding->algorithm].digest,
                       NULL,
                       binding->mac_key,
                       binding->mac_key_bytes,
                       (const unsigned char *) input,
                       length,
                       code,
                       sizeof(code),
                       &n)) {
                ERR_clear_error();
                return -EIO;
        }
        *ret = base64url_encode(code, n);
        return *ret ? 0 : -ENOMEM;
}

/* {"alg", "kid", "url"}, and no nonce; the payload is the account's public key. */
static int make_parts(const Binding *binding,
                      EVP_PKEY *key,
                      const char *url,
                      char **ret_protected,
                      char **ret_payload)
{
        _cleanup_json_ struct json_object *header = json_object_new_object(), *jwk = NULL;
        int r;

        if (!header || json_add_string(header, "alg", algorithms[binding->algorithm].name) < 0 ||
            json_add_string(header, "kid", binding->key_id) < 0 ||
            json_add_string(header, "url", url) < 0)
                return -ENOMEM;
        r = jwk_new(key, &jwk);
        if (r == 0)
                r = encode(header, ret_protected);
        if (r == 0)
                r = encode(jwk, ret_payload);
        return r;
}

static int add(const Binding *binding, EVP_PKEY *key, const char *url, struct json_object *payload)
{
        _cleanup_free_ char *protected = NULL, *text = NULL, *code = NULL, *input = NULL;
        struct json_object *object = json_object_new_object();
        int length, r;

        /* Taken by payload from here on. */
        r = json_add(payload, "externalAccountBinding", object);
        if (r == 0)
                r = make_parts(binding, key, url, &protected, &text);
        if (r < 0)
                return r;
        length = asprintf(&input, "%s.%s", protected, text);
        if (length < 0) {
                input = NULL;
                return -ENOMEM;
        }
        r = mac(binding, input, (size_t) length, &code);
        if (r == 0)
                r = json_add_string(object, "protected", protected);
        if (r == 0)
                r = json_add_string(object, "payload", text);
        return r == 0 ? json_add_string(object, "signature", code) : r;
}

bool external_account_is_known(const char *account)
{
        _cleanup_(binding_done) Binding binding = {};
        char *text = NULL;
        const char *reason;
        unsigned line;
        size_t length;
        int r;

        r = read_credential(&text);
        if (r < 0)
                return r != -ENOENT;
        length = strlen(text);
        r = find(text, account, &binding, &line, &reason);
        explicit_bzero(text, length);
        free(text);
        return r != -ENOENT;
}

int external_account_add(const char *account,
                         EVP_PKEY *key,
                         const char *url,
                         struct json_object *payload,
                         char **ret_message)
{
        _cleanup_(binding_done) Binding binding = {};
        char *text = NULL;
        const char *reason;
        unsigned line;
        size_t length;
        int r;

        r = read_credential(&text);
        if (r < 0) {
                if (r == -ENOENT)
                        return 0;
                return asprintf(ret_message,
                                "Failed to read the credential " EXTERNAL_ACCOUNTS_CREDENTIAL
                                ": %s",
                                strerror(-r)) < 0
                                       ? -ENOMEM
                                       : -EBADMSG;
        }
        length = strlen(text);
        r = find(text, account, &binding, &line, &reason);
        if (r == 0)
                r = add(&binding, key, url, payload);
        else if (r == -EBADMSG &&
                 asprintf(ret_message,
                          "The credential " EXTERNAL_ACCOUNTS_CREDENTIAL ", line %u: %s",
                          line,
                          reason) < 0)
                r = -ENOMEM;
        explicit_bzero(text, length);
        free(text);
        return r == -ENOENT ? 0 : r;
}
