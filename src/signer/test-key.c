/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys: made, written with the mode of a key, read back; in a thread, and stopped there. */

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "base/test.h"
#include "signer/key-maker.h"

static void test_key_generate__has_the_type_asked_for(_unused_ void **state)
{
        for (KeyType type = 0; type < KEY_TYPE_MAX; type++) {
                _cleanup_key_ EVP_PKEY *key = NULL;

                if (type == KEY_TYPE_RSA_3072 || type == KEY_TYPE_RSA_4096)
                        continue; /* as RSA-2048, only slow */
                assert_int_equal(key_generate(type, NULL, &key), 0);
                assert_int_equal(key_get_type(key), type);
        }
}

static void test_key_get_type__kinds_without_a_name(_unused_ void **state)
{
        _cleanup_key_ EVP_PKEY *p521 = EVP_EC_gen("P-521"), *rsa = EVP_RSA_gen(1024),
                               *x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");

        assert_int_equal(key_get_type(p521), KEY_TYPE_INVALID);
        assert_int_equal(key_get_type(rsa), KEY_TYPE_INVALID);
        assert_int_equal(key_get_type(x25519), KEY_TYPE_INVALID);
}

static void test_key_create_file__comes_back(void **state)
{
        const TestDirectory *d = *state;
        static const KeyType types[] = {KEY_TYPE_EC_P256,
                                        KEY_TYPE_EC_P384,
                                        KEY_TYPE_RSA_2048,
                                        KEY_TYPE_ED25519};

        /* Not what decides about the mode. */
        umask(0);
        FOREACH_ARRAY (type, types, ELEMENTSOF(types)) {
                _cleanup_key_ EVP_PKEY *key = NULL, *again = NULL;
                struct stat st;

                assert_int_equal(key_generate(*type, NULL, &key), 0);
                assert_int_equal(key_create_file(d->fd, "key.pem", key), 0);
                assert_int_equal(key_create_file(d->fd, "key.pem", key), -EEXIST);
                assert_int_equal(fstatat(d->fd, "key.pem", &st, 0), 0);
                assert_int_equal(st.st_mode & 07777, 0600);
                assert_int_equal(key_read_file(d->fd, "key.pem", &again), 0);
                assert_int_equal(EVP_PKEY_eq(key, again), 1);
                assert_int_equal(unlinkat(d->fd, "key.pem", 0), 0);
        }
}

static void test_key_read_file__what_is_no_key(void **state)
{
        const TestDirectory *d = *state;
        static const char *const texts[] = {
                        "x",
                        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                        "-----BEGIN RSA PRIVATE KEY-----\nMAAA\n-----END RSA PRIVATE KEY-----\n",
        };
        _cleanup_free_ char *large = malloc(KEY_FILE_BYTES_MAX + 1);
        EVP_PKEY *key;

        assert_int_equal(key_read_file(d->fd, "k", &key), -ENOENT);
        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts)) {
                assert_int_equal(file_replace(d->fd, "k", *text, strlen(*text), 0600), 0);
                assert_row(*text, key_read_file(d->fd, "k", &key) == -EBADMSG);
        }
        assert_int_equal(file_replace(d->fd, "k", "", 0, 0600), 0);
        assert_int_equal(key_read_file(d->fd, "k", &key), -EBADMSG);
        memset(large, 'A', KEY_FILE_BYTES_MAX + 1);
        assert_int_equal(file_replace(d->fd, "k", large, KEY_FILE_BYTES_MAX + 1, 0600), 0);
        assert_int_equal(key_read_file(d->fd, "k", &key), -EFBIG);
        assert_int_equal(symlinkat("k", d->fd, "link"), 0);
        assert_int_equal(key_read_file(d->fd, "link", &key), -ELOOP);
        assert_int_equal(mkdirat(d->fd, "dir", 0700), 0);
        assert_int_equal(key_read_file(d->fd, "dir", &key), -EBADMSG);
        assert_int_equal(mkfifoat(d->fd, "fifo", 0600), 0);
        assert_int_equal(key_read_file(d->fd, "fifo", &key), -EBADMSG);
}

/* Encrypted with a password: refused at once, nobody is asked. */
static void test_key_read_file__with_a_password(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_key_ EVP_PKEY *key = NULL;
        _cleanup_free_ char *path = NULL;
        EVP_PKEY *again;
        FILE *f;

        assert_int_equal(key_generate(KEY_TYPE_EC_P256, NULL, &key), 0);
        assert_true(asprintf(&path, "%s/k", d->path) > 0);
        f = fopen(path, "we");
        assert_int_equal(PEM_write_PKCS8PrivateKey(f,
                                                   key,
                                                   EVP_aes_128_cbc(),
                                                   "secret",
                                                   6,
                                                   NULL,
                                                   NULL),
                         1);
        fclose(f);
        assert_int_equal(key_read_file(d->fd, "k", &again), -EBADMSG);
}

static void test_key_library_init__secrets_are_in_the_secure_heap(_unused_ void **state)
{
        _cleanup_key_ EVP_PKEY *key = NULL, *first = NULL;
        size_t before;

        /* The random generators' seeds are there, too, from the first key on. */
        assert_int_equal(key_generate(KEY_TYPE_EC_P256, NULL, &first), 0);
        before = CRYPTO_secure_used();
        assert_int_equal(key_generate(KEY_TYPE_EC_P256, NULL, &key), 0);
        assert_true(CRYPTO_secure_used() > before);
        EVP_PKEY_free(key);
        key = NULL;
        assert_int_equal(CRYPTO_secure_used(), before);
        assert_int_equal(key_generate(KEY_TYPE_RSA_2048, NULL, &key), 0);
        assert_true(CRYPTO_secure_used() > before);
}

static void test_key_maker_take__quick_and_slow(_unused_ void **state)
{
        static const KeyType types[] = {KEY_TYPE_EC_P256, KEY_TYPE_RSA_2048};

        FOREACH_ARRAY (type, types, ELEMENTSOF(types)) {
                _cleanup_(key_maker_freep) KeyMaker *maker = NULL;
                _cleanup_key_ EVP_PKEY *key = NULL;

                assert_int_equal(key_maker_start(*type, NULL, NULL, &maker), 0);
                assert_int_equal(key_maker_take(maker, &key), 0);
                assert_int_equal(key_get_type(key), *type);
        }
}

static int store_in(EVP_PKEY *key, void *userdata)
{
        const TestDirectory *d = userdata;

        return key_create_file(d->fd, "stored", key);
}

static void test_key_maker_take__stored_before(void **state)
{
        TestDirectory *d = *state;

        for (unsigned i = 0; i < 2; i++) {
                _cleanup_(key_maker_freep) KeyMaker *maker = NULL;
                _cleanup_key_ EVP_PKEY *key = NULL, *stored = NULL;

                assert_int_equal(key_maker_start(KEY_TYPE_EC_P256, store_in, d, &maker), 0);
                assert_int_equal(key_maker_take(maker, &key), i == 0 ? 0 : -EEXIST);
                assert_true(!!key == (i == 0));
                assert_int_equal(key_read_file(d->fd, "stored", &stored), 0);
                if (key)
                        assert_int_equal(EVP_PKEY_eq(key, stored), 1);
        }
}

/* Stops it: RSA-4096 takes a second or more on a machine of today, the tests would notice. */
static void test_key_maker_free__in_the_middle(_unused_ void **state)
{
        for (unsigned i = 0; i < 20; i++) {
                KeyMaker *maker;

                assert_int_equal(key_maker_start(KEY_TYPE_RSA_4096, NULL, NULL, &maker), 0);
                key_maker_free(maker);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_key_library_init__secrets_are_in_the_secure_heap),
                        cmocka_unit_test(test_key_generate__has_the_type_asked_for),
                        cmocka_unit_test(test_key_get_type__kinds_without_a_name),
                        cmocka_directory_test(test_key_create_file__comes_back),
                        cmocka_directory_test(test_key_read_file__what_is_no_key),
                        cmocka_directory_test(test_key_read_file__with_a_password),
                        cmocka_unit_test(test_key_maker_take__quick_and_slow),
                        cmocka_directory_test(test_key_maker_take__stored_before),
                        cmocka_unit_test(test_key_maker_free__in_the_middle),
        };

        key_library_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
