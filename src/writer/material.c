/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Everything comes from one descriptor of one generation, and only two of its files are read, the
 * key and the full chain: the others are made from these, so that nothing can be of two
 * generations. The texts are written anew from what was parsed; a store that was edited by hand
 * cannot pass on what is not a key or a certificate. That the key is the certificate's is checked
 * before anybody may ask for a byte of them. */

#include "writer/material.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "writer/pkcs12.h"

#define PASSWORD_FILE "pkcs12-password"

/* What keytool and OpenSSL take in practice; a password is a line. */
#define PASSWORD_BYTES_MAX 1024U

static void bio_freep(BIO **bio)
{
        BIO_free_all(*bio);
}

static void erase(char *s, size_t length)
{
        if (s)
                explicit_bzero(s, length);
        free(s);
}

void material_library_init(void)
{
        /* openssl.cnf can load modules into this process. */
        (void) OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

void material_done(Material *material)
{
        for (DeployFile file = 0; file < DEPLOY_FILE_MAX; file++)
                erase(material->texts[file], material->lengths[file]);
        if (material->password)
                erase(material->password, strlen(material->password));
        EVP_PKEY_free(material->key);
        live_free(material->live);
        *material = (Material){};
}

/* Nobody is there to type one. */
static int no_password(char *buffer _unused_, int size _unused_, int rw _unused_, void *u _unused_)
{
        return -1;
}

static EVP_PKEY *parse_key(const char *text, size_t length)
{
        _cleanup_(bio_freep) BIO *bio = BIO_new_mem_buf(text, (int) length);
        EVP_PKEY *key = NULL;

        if (bio)
                key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
        ERR_clear_error();
        return key;
}

EVP_PKEY *material_public_key(DeployFile file, const char *data, size_t length)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        size_t at;

        if (length > CHAIN_BYTES_MAX)
                return NULL;
        if (file == DEPLOY_PRIVATE_KEY)
                return parse_key(data, length);
        if (file != DEPLOY_CERTIFICATE && file != DEPLOY_FULL_CHAIN)
                return NULL;
        if (chain_parse(data, length, &chain, &at) != 0)
                return NULL;
        return X509_get_pubkey(chain_get(chain, 0));
}

/* PKCS #8 in PEM, as the store has it. Return: 0; -ENOMEM; -EIO. */
static int format_key(EVP_PKEY *key, char **ret, size_t *ret_length)
{
        _cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_secmem());
        char *text;
        long length;

        if (!bio)
                return -ENOMEM;
        if (PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
                ERR_clear_error();
                return -EIO;
        }
        length = BIO_get_mem_data(bio, &text);
        *ret = strndup(text, (size_t) length);
        if (!*ret)
                return -ENOMEM;
        *ret_length = (size_t) length;
        return 0;
}

static int format_chain(Material *material, DeployFile file, size_t first, size_t end)
{
        int r;

        r = chain_format(material->live->chain, first, end, &material->texts[file]);
        if (r == 0)
                material->lengths[file] = strlen(material->texts[file]);
        return r;
}

static int format_bundle(Material *material)
{
        const char *key, *chain;
        size_t key_length, chain_length;
        char *text;
        int r;

        r = material_get(material, DEPLOY_PRIVATE_KEY, &key, &key_length);
        if (r == 0)
                r = material_get(material, DEPLOY_FULL_CHAIN, &chain, &chain_length);
        if (r < 0)
                return r;
        text = malloc(key_length + chain_length + 1);
        if (!text)
                return -ENOMEM;
        memcpy(text, key, key_length);
        memcpy(text + key_length, chain, chain_length + 1);
        material->texts[DEPLOY_BUNDLE] = text;
        material->lengths[DEPLOY_BUNDLE] = key_length + chain_length;
        return 0;
}

static int format_file(Material *material, DeployFile file)
{
        size_t n = chain_length(material->live->chain);

        switch (file) {
        case DEPLOY_PRIVATE_KEY:
                return format_key(material->key, &material->texts[file], &material->lengths[file]);
        case DEPLOY_BUNDLE:
                return format_bundle(material);
        case DEPLOY_PKCS12:
                return pkcs12_make(material->key,
                                   material->live->chain,
                                   material->name,
                                   material->password,
                                   &material->texts[file],
                                   &material->lengths[file]);
        case DEPLOY_CERTIFICATE:
                return format_chain(material, file, 0, 1);
        case DEPLOY_CHAIN:
                return format_chain(material, file, 1, n);
        case DEPLOY_FULL_CHAIN:
                return format_chain(material, file, 0, n);
        default:
                assert(false);
                return -EIO;
        }
}

int material_get(Material *material, DeployFile file, const char **ret, size_t *ret_length)
{
        if (!material->texts[file]) {
                int r;

                r = format_file(material, file);
                if (r < 0)
                        return r;
        }
        *ret = material->texts[file];
        *ret_length = material->lengths[file];
        return 0;
}

int material_is_same(Material *material, DeployFile file, const char *data, size_t length)
{
        const char *wanted;
        size_t wanted_length;
        int r;

        if (file == DEPLOY_PKCS12)
                return pkcs12_is_same(data,
                                      length,
                                      material->key,
                                      material->live->chain,
                                      material->password);
        r = material_get(material, file, &wanted, &wanted_length);
        if (r < 0)
                return r;
        return length == wanted_length && memcmp(data, wanted, length) == 0;
}

/* The first line. Return: 0; WRITER_E_FAILED; -ENOMEM. */
static int read_password(const char *credentials, char **ret, Failure *failure)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        char *text;
        size_t length, line;
        int r;

        if (!credentials)
                return failure_set(failure,
                                   FAILURE_PASSWORD,
                                   NULL,
                                   "PKCS12= is wanted, and the unit was given no password");
        if (asprintf(&path, "%s/" PASSWORD_FILE, credentials) < 0)
                return -ENOMEM;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        r = fd < 0 ? -errno : file_read_fd(fd, PASSWORD_BYTES_MAX, &text, &length);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return failure_set(failure,
                                   FAILURE_PASSWORD,
                                   NULL,
                                   "cannot read the password of PKCS12=: %s",
                                   strerror(-r));
        line = strcspn(text, "\r\n");
        if (line == 0 || text[line + strspn(text + line, "\r\n")] != '\0' ||
            strlen(text) != length) {
                erase(text, length);
                return failure_set(failure,
                                   FAILURE_PASSWORD,
                                   NULL,
                                   "the password of PKCS12= is empty, or not one line of text");
        }
        explicit_bzero(text + line, length - line);
        *ret = text;
        return 0;
}

static int read_key(const Live *live, EVP_PKEY **ret, Failure *failure)
{
        char *text;
        size_t length;
        EVP_PKEY *key;
        int r;

        r = live_read(live, PRIVKEY_FILE, &text, &length);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return failure_set(failure,
                                   FAILURE_NOT_LIVE,
                                   NULL,
                                   "cannot read the live key: %s",
                                   strerror(-r));
        key = parse_key(text, length);
        erase(text, length);
        if (!key)
                return failure_set(failure,
                                   FAILURE_MISMATCH,
                                   NULL,
                                   "the live " PRIVKEY_FILE " is no private key");
        *ret = key;
        return 0;
}

static bool needs_key(const DeployTarget *target)
{
        for (DeployFile file = 0; file < DEPLOY_FILE_MAX; file++)
                if (deploy_file_has_key(file) && target->paths[file])
                        return true;
        return false;
}

/* The key may be somebody else's, who wants the certificate alone. Return: as material_load(). */
static int find_key(const Live *live, const DeployTarget *target, EVP_PKEY **ret, Failure *failure)
{
        int r;

        if (!live_has_key(live)) {
                if (!needs_key(target))
                        return 0;
                return failure_set(failure,
                                   FAILURE_NOT_LIVE,
                                   NULL,
                                   "the key of what is live is not acmeward's: it was asked for "
                                   "by CSR=, and is to be renewed first");
        }
        r = read_key(live, ret, failure);
        if (r != 0)
                return r;
        if (X509_check_private_key(chain_get(live->chain, 0), *ret) == 1)
                return 0;
        ERR_clear_error();
        return failure_set(failure,
                           FAILURE_MISMATCH,
                           NULL,
                           "the live key is not the key of the live certificate");
}

static int refuse_live(const char *name, int error, Failure *failure)
{
        return failure_set(failure,
                           FAILURE_NOT_LIVE,
                           NULL,
                           "cannot read what is live in /var/lib/acme/live/%s: %s",
                           name,
                           strerror(-error));
}

static int turn_to_variant(const char *name, const char *variant, Live **live, Failure *failure)
{
        Live *other;
        int r;

        r = live_open_variant(*live, variant, &other);
        if (r == -ENOENT)
                return WRITER_E_NOTHING;
        if (r < 0)
                return r == -ENOMEM ? r : refuse_live(name, r, failure);
        live_free(*live);
        *live = other;
        return 0;
}

static int open_live(const char *root, const char *name, Live **ret, Failure *failure)
{
        int r;

        r = live_open(root, name, ret);
        if (r == 0 || r == -ENOMEM)
                return r;
        if (r == -ENOENT)
                return failure_set(failure, FAILURE_NOT_LIVE, NULL, "no certificate is live yet");
        return refuse_live(name, r, failure);
}

int material_load(const char *root,
                  const char *name,
                  const char *variant,
                  const DeployTarget *target,
                  const char *credentials,
                  Material *ret,
                  Failure *failure)
{
        _cleanup_(material_done) Material material = {.name = name};
        int r;

        r = open_live(root, name, &material.live, failure);
        if (r == 0 && variant)
                r = turn_to_variant(name, variant, &material.live, failure);
        if (r == 0)
                r = find_key(material.live, target, &material.key, failure);
        if (r == 0 && target->paths[DEPLOY_PKCS12])
                r = read_password(credentials, &material.password, failure);
        if (r != 0)
                return r;
        *ret = material;
        material = (Material){};
        return 0;
}
