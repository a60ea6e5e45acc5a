/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Private keys.
 *
 * OpenSSL is used without its configuration file: openssl.cnf can load modules into this process,
 * and nothing but this program may be near the keys. The file's content comes from our own
 * directory, but a key that cannot be read is an ordinary case: a backup, a hand edit. */

#include "signer/key.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"

/* An RSA-4096 key and its copies need about 10 KiB of it; LimitMEMLOCK= in the unit allows eight
 * times as much. */
#define SECURE_HEAP_BYTES (128U * 1024U)
#define SECURE_HEAP_PIECE_MIN 16U

typedef struct KeyKind {
        int id;
        const char *group; /* of EC keys */
        int bits;          /* of RSA keys */
} KeyKind;

static const KeyKind kinds[KEY_TYPE_MAX] = {
                [KEY_TYPE_EC_P256] = {EVP_PKEY_EC, "prime256v1", 0},
                [KEY_TYPE_EC_P384] = {EVP_PKEY_EC, "secp384r1", 0},
                [KEY_TYPE_RSA_2048] = {EVP_PKEY_RSA, NULL, 2048},
                [KEY_TYPE_RSA_3072] = {EVP_PKEY_RSA, NULL, 3072},
                [KEY_TYPE_RSA_4096] = {EVP_PKEY_RSA, NULL, 4096},
                [KEY_TYPE_ED25519] = {EVP_PKEY_ED25519, NULL, 0},
};

static void bio_freep(BIO **bio)
{
        BIO_free_all(*bio);
}

static void context_freep(EVP_PKEY_CTX **context)
{
        EVP_PKEY_CTX_free(*context);
}

void key_library_init(void)
{
        (void) OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
        /* 2: there is a heap, but the kernel did not lock it. */
        if (CRYPTO_secure_malloc_init(SECURE_HEAP_BYTES, SECURE_HEAP_PIECE_MIN) != 1)
                log_warning("The memory for private keys cannot be locked: with swap, they could "
                            "reach the disk. LimitMEMLOCK= of the unit should be 1M");
}

/* Return: go on? */
static int on_progress(EVP_PKEY_CTX *context)
{
        atomic_bool *cancel = EVP_PKEY_CTX_get_app_data(context);

        return !atomic_load(cancel);
}

static int set_parameters(EVP_PKEY_CTX *context, const KeyKind *kind)
{
        if (kind->group)
                return EVP_PKEY_CTX_set_group_name(context, kind->group);
        if (kind->bits > 0)
                return EVP_PKEY_CTX_set_rsa_keygen_bits(context, kind->bits);
        return 1;
}

int key_generate(KeyType type, atomic_bool *cancel, EVP_PKEY **ret)
{
        _cleanup_(context_freep) EVP_PKEY_CTX *context = NULL;
        const KeyKind *kind = &kinds[type];
        EVP_PKEY *key = NULL;

        context = EVP_PKEY_CTX_new_id(kind->id, NULL);
        if (context && cancel) {
                EVP_PKEY_CTX_set_app_data(context, cancel);
                EVP_PKEY_CTX_set_cb(context, on_progress);
        }
        if (!context || EVP_PKEY_keygen_init(context) != 1 || set_parameters(context, kind) != 1 ||
            EVP_PKEY_generate(context, &key) != 1) {
                ERR_clear_error();
                return cancel && atomic_load(cancel) ? -ECANCELED : -EIO;
        }
        *ret = key;
        return 0;
}

KeyType key_get_type(EVP_PKEY *key)
{
        int id = EVP_PKEY_get_base_id(key);
        char group[64] = "";

        if (id == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
                return KEY_TYPE_INVALID;
        for (KeyType type = 0; type < KEY_TYPE_MAX; type++) {
                const KeyKind *kind = &kinds[type];

                if (kind->id != id)
                        continue;
                if (kind->group && !streq(kind->group, group))
                        continue;
                if (kind->bits > 0 && kind->bits != EVP_PKEY_get_bits(key))
                        continue;
                return type;
        }
        return KEY_TYPE_INVALID;
}

int key_create_file_unsynced(int dir_fd, const char *name, EVP_PKEY *key)
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
        if (length <= 0)
                return -EIO;
        return file_create_unsynced(dir_fd, name, text, (size_t) length, 0600);
}

int key_create_file(int dir_fd, const char *name, EVP_PKEY *key)
{
        int r;

        r = key_create_file_unsynced(dir_fd, name, key);
        return r < 0 ? r : file_sync(dir_fd, name);
}

/* Into the secure heap; base/file.h's reader would leave the text on the ordinary one.
 * Return: 0; -EFBIG; -EBADMSG; -errno. */
static int read_secret(int fd, char **ret, size_t *ret_length)
{
        struct stat st;
        size_t done = 0, size;
        char *text;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size <= 0)
                return -EBADMSG;
        if (st.st_size > (off_t) KEY_FILE_BYTES_MAX)
                return -EFBIG;
        size = (size_t) st.st_size;
        text = OPENSSL_secure_malloc(size);
        if (!text)
                return -ENOMEM;
        while (done < size) {
                ssize_t n = read(fd, text + done, size - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) {
                        int r = n < 0 ? -errno : -EBADMSG;

                        OPENSSL_secure_clear_free(text, size);
                        return r;
                }
                done += (size_t) n;
        }
        *ret = text;
        *ret_length = size;
        return 0;
}

/* Nobody is there to type one. */
static int no_password(char *buffer _unused_, int size _unused_, int rw _unused_, void *u _unused_)
{
        return -1;
}

int key_read_file(int dir_fd, const char *name, EVP_PKEY **ret)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_(bio_freep) BIO *bio = NULL;
        EVP_PKEY *key = NULL;
        size_t length;
        char *text;
        int r;

        fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = read_secret(fd, &text, &length);
        if (r < 0)
                return r;
        bio = BIO_new_mem_buf(text, (int) length);
        if (bio)
                key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
        OPENSSL_secure_clear_free(text, length);
        ERR_clear_error();
        if (!bio)
                return -ENOMEM;
        if (!key)
                return -EBADMSG;
        *ret = key;
        return 0;
}
