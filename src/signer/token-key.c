/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The provider, and the module behind it, are code of others in the process of the keys: they are
 * loaded when the configuration names such a key, and not else; openssl.cnf is never read. They
 * have an OpenSSL library context of their own, since a module may use OpenSSL by itself, and would
 * find itself there otherwise.
 *
 * A PIN is the token's to count: it is given once in the life of this process, and a token that has
 * refused it is not asked again. */

#include "signer/token-key.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "signer/jws.h"
#include "signer/key.h"

#define PROVIDER "pkcs11"

static const char *const sentences[TOKEN_REASON_MAX] = {
                [TOKEN_E_NO_PROVIDER] = "OpenSSL's provider \"pkcs11\" cannot be loaded (install "
                                        "pkcs11-provider; acme-signer(8) says what the signer "
                                        "has to see of the token)",
                [TOKEN_E_NO_MODULE] = "OpenSSL's provider \"pkcs11\" cannot use its module "
                                      "(PKCS11_PROVIDER_MODULE; acme-signer(8) says what the "
                                      "signer has to see of the token)",
                [TOKEN_E_NO_PIN] = "the token wants a PIN, and the signer has no credential "
                                   "acme.pkcs11-pin (put it into /etc/credstore)",
                [TOKEN_E_PIN] = "the token has refused the PIN of the credential "
                                "acme.pkcs11-pin, or is locked after wrong ones",
                [TOKEN_E_NOT_FOUND] = "no token that the signer can open has such a private key",
                [TOKEN_E_SEVERAL] = "there are several such private keys; say which by id= or "
                                    "object=",
                [TOKEN_E_KIND] = "the key is of no kind that is known here",
};

const char *token_key_explain(TokenReason reason)
{
        return sentences[reason];
}

/* What the callback of one load has come to. */
typedef struct Asked {
        bool is_silent; /* it says nothing, and is there to hear the question */
        unsigned n;
        bool had_none;
} Asked;

static OSSL_LIB_CTX *library;

/* Return: is the provider there? */
static bool open_library(void)
{
        static bool is_ready;

        if (library)
                return is_ready;
        library = OSSL_LIB_CTX_new();
        is_ready = library && OSSL_PROVIDER_load(library, "default") &&
                   OSSL_PROVIDER_load(library, PROVIDER);
        return is_ready;
}

/* Its first line. Return: its length; -ENOENT; -errno. */
static int read_pin(char *buffer, size_t size)
{
        static const char *const names[] = {TOKEN_PIN_CREDENTIAL, TOKEN_PIN_CREDENTIAL_ENCRYPTED};
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        _cleanup_close_ int fd = -EBADF;
        char *text = NULL;
        size_t length;
        int r = -ENOENT;

        fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (fd < 0)
                return -ENOENT;
        for (size_t i = 0; r == -ENOENT && i < ELEMENTSOF(names); i++)
                r = file_read(fd, names[i], TOKEN_PIN_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r < 0)
                return r;
        length = strcspn(text, "\r\n");
        r = length > 0 && length < size ? (int) length : -ENOENT;
        if (r > 0)
                memcpy(buffer, text, length + 1);
        if (r > 0)
                buffer[length] = '\0';
        explicit_bzero(text, strlen(text));
        free(text);
        return r;
}

/* ui_method's reader. Return: as UI_method_set_reader() wants it. */
static int on_prompt(UI *ui, UI_STRING *string)
{
        Asked *asked = UI_get0_user_data(ui);
        char pin[TOKEN_PIN_BYTES_MAX];
        int r;

        if (UI_get_string_type(string) != UIT_PROMPT && UI_get_string_type(string) != UIT_VERIFY)
                return 1;
        if (asked->n++ > 0 || asked->is_silent)
                return 0;
        r = read_pin(pin, sizeof(pin));
        asked->had_none = r < 0;
        if (r < 0)
                return 0;
        r = UI_set_result(ui, string, pin);
        explicit_bzero(pin, sizeof(pin));
        return r == 0;
}

static void ui_freep(UI_METHOD **method)
{
        UI_destroy_method(*method);
}

/* Has the provider's module failed, by what OpenSSL has noted? */
static bool has_module_failed(void)
{
        bool has_failed = false;
        unsigned long error;

        while ((error = ERR_get_error()) != 0) {
                const char *source = ERR_lib_error_string(error);

                has_failed = has_failed || (source && streq(source, PROVIDER));
        }
        return has_failed;
}

/* The one private key. Return: 0, and *ret is NULL where there is none; TOKEN_E_SEVERAL. */
static int take_key(OSSL_STORE_CTX *store, EVP_PKEY **ret)
{
        while (!OSSL_STORE_eof(store)) {
                OSSL_STORE_INFO *info = OSSL_STORE_load(store);

                if (!info)
                        continue;
                if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY) {
                        if (*ret) {
                                OSSL_STORE_INFO_free(info);
                                return TOKEN_E_SEVERAL;
                        }
                        *ret = OSSL_STORE_INFO_get1_PKEY(info);
                }
                OSSL_STORE_INFO_free(info);
        }
        return 0;
}

/* Return: 0, and *ret is NULL where there is none; TOKEN_E_SEVERAL; TOKEN_E_NO_MODULE. */
static int look_for(const char *uri, const UI_METHOD *method, Asked *asked, EVP_PKEY **ret)
{
        OSSL_STORE_CTX *store;
        int r = 0;

        ERR_clear_error();
        store = OSSL_STORE_open_ex(uri, library, NULL, method, asked, NULL, NULL, NULL);
        if (store) {
                (void) OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY);
                r = take_key(store, ret);
                OSSL_STORE_close(store);
        }
        if (r == 0 && !*ret && has_module_failed())
                r = TOKEN_E_NO_MODULE;
        ERR_clear_error();
        return r;
}

/* A token does not tell a wrong PIN from a key that it does not have. One that has taken the PIN
 * does not ask again; so it is looked for once more, without an answer. */
static int judge_failure(const char *uri, const UI_METHOD *method, const Asked *asked)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        Asked again = {.is_silent = true};

        if (asked->had_none)
                return TOKEN_E_NO_PIN;
        if (asked->n == 0)
                return TOKEN_E_NOT_FOUND;
        (void) look_for(uri, method, &again, &key);
        return again.n > 0 ? TOKEN_E_PIN : TOKEN_E_NOT_FOUND;
}

static int load(const char *uri, const UI_METHOD *method, EVP_PKEY **ret)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        Asked asked = {};
        int r;

        r = look_for(uri, method, &asked, &key);
        if (r == 0 && !key)
                r = judge_failure(uri, method, &asked);
        if (r == 0 && !jws_algorithm(key))
                r = TOKEN_E_KIND;
        if (r == 0)
                *ret = TAKE_PTR(key);
        return r;
}

int token_key_load(const char *uri, EVP_PKEY **ret)
{
        _cleanup_(ui_freep) UI_METHOD *method = UI_create_method("acmeward");
        static bool is_pin_refused;
        int r;

        if (!method || UI_method_set_reader(method, on_prompt) != 0)
                return -ENOMEM;
        if (is_pin_refused)
                return TOKEN_E_PIN;
        if (!open_library()) {
                ERR_clear_error();
                return TOKEN_E_NO_PROVIDER;
        }
        r = load(uri, method, ret);
        is_pin_refused = r == TOKEN_E_PIN;
        return r;
}

int token_key_publish(EVP_PKEY *key, EVP_PKEY **ret)
{
        unsigned char *der = NULL;
        const unsigned char *p;
        int length = i2d_PUBKEY(key, &der);

        if (length <= 0) {
                ERR_clear_error();
                return -EOPNOTSUPP;
        }
        p = der;
        *ret = d2i_PUBKEY(NULL, &p, length);
        OPENSSL_free(der);
        return *ret ? 0 : -ENOMEM;
}
