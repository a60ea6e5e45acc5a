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
#include "config/external-binding.h"
#include "signer/jwk.h"

/* Where the two forms of the credential are, by the units' LoadCredential= and
 * LoadCredentialEncrypted=. */
static const char *const credentials[] = {
                EXTERNAL_BINDINGS,
                EXTERNAL_BINDINGS_ENCRYPTED,
};

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
                r = file_read(fd,
                              credentials[i],
                              EXTERNAL_BINDINGS_BYTES_MAX,
                              O_NOFOLLOW,
                              ret,
                              NULL);
        return r;
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
static int mac(const ExternalBinding *binding, const char *input, size_t length, char **ret)
{
        unsigned char code[EVP_MAX_MD_SIZE];
        size_t n;

        if (!EVP_Q_mac(NULL,
                       "HMAC",
                       NULL,
                       binding->digest,
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
static int make_parts(const ExternalBinding *binding,
                      EVP_PKEY *key,
                      const char *url,
                      char **ret_protected,
                      char **ret_payload)
{
        _cleanup_json_ struct json_object *header = json_object_new_object(), *jwk = NULL;
        int r;

        if (!header || json_add_string(header, "alg", binding->algorithm) < 0 ||
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

static int
add(const ExternalBinding *binding, EVP_PKEY *key, const char *url, struct json_object *payload)
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
        _cleanup_(external_binding_done) ExternalBinding binding = {};
        char *text = NULL;
        const char *reason;
        unsigned line;
        size_t length;
        int r;

        r = read_credential(&text);
        if (r < 0)
                return r != -ENOENT;
        length = strlen(text);
        r = external_binding_find(text, account, &binding, &line, &reason);
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
        _cleanup_(external_binding_done) ExternalBinding binding = {};
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
                                "Failed to read the credential " EXTERNAL_BINDINGS ": %s",
                                strerror(-r)) < 0
                                       ? -ENOMEM
                                       : -EBADMSG;
        }
        length = strlen(text);
        r = external_binding_find(text, account, &binding, &line, &reason);
        if (r == 0)
                r = add(&binding, key, url, payload);
        else if (r == -EBADMSG && asprintf(ret_message,
                                           "The credential " EXTERNAL_BINDINGS ", line %u: %s",
                                           line,
                                           reason) < 0)
                r = -ENOMEM;
        explicit_bzero(text, length);
        free(text);
        return r == -ENOENT ? 0 : r;
}
