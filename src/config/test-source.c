/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that are there, are not, shadow each other, or are none. */

#include "config/test-tree.h"

/* "nobody" on every Debian; any uid but ours would do. */
#define SOMEBODY_ELSE 65534

static void test_source_read__drop_ins(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d, MAIN, "[Defaults]\nKeyType=ec-p384\nContact=a@example.org\n[WebRoot]\nListen=81\n");
        put(d, MAIN ".d/20-b.conf", "[Defaults]\nKeyType=rsa-3072\nContact=c@example.org\n");
        put(d,
            MAIN ".d/10-a.conf",
            "[Defaults]\nKeyType=rsa-4096\nContact=b@example.org\n[WebRoot]\nListen=\n");
        put(d, MAIN ".d/30-c.conf~", "not read\n");
        put(d, MAIN ".d/.40-d.conf", "not read\n");
        put(d, MAIN ".d/README", "not read\n");
        put(d,
            CERTIFICATE ".d/a.conf",
            "[Certificate]\nIdentifiers=a.example b.example\nRenewKey=no\n");
        put(d,
            CERTIFICATE ".d/b.conf",
            "[Certificate]\nIdentifiers=\nIdentifiers=c.example\nRenewKey=\n");
        put(d, CERTIFICATE ".d/c.conf", "[Certificate]\nIdentifiers=d.example\n");
        config = load(d, "www");
        assert_int_equal(config->key_type, KEY_TYPE_RSA_3072);
        assert_list(config->contact,
                    "mailto:a@example.org mailto:b@example.org mailto:c@example.org");
        assert_listen(config, "0.0.0.0:80 [::]:80");
        assert_list(config->identifiers, "c.example d.example");
        assert_true(config->renew_key);
}

static void test_source_read__ca_shadowed(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put(d, CA, "[CA]\nDirectory=https://shipped.example/dir\nOrigins=https://more.example\n");
        put(d, "etc/acme/ca.d/letsencrypt.conf", "[CA]\nDirectory=https://own.example/dir\n");
        config = load(d, "example.org");
        assert_string_equal(config->directory, "https://own.example/dir");
        assert_list(config->origins, "https://own.example");
}

static void test_source_read__broken_lines(void **state)
{
        const TestDirectory *d = *state;

        put_ca(d);
        put(d, MAIN, "[Defaults]\nKeyType ec-p256\n");
        expect_error(d,
                     "example.org",
                     MAIN,
                     2,
                     NULL,
                     "neither a [Section], nor Key=value, nor a comment");
        put(d, MAIN, "KeyType=ec-p256\n");
        expect_error(d, "example.org", MAIN, 1, NULL, "before the first [Section]");
        put(d, MAIN, "[Defaults]\n");
        put(d, CA, "[CA]\n");
        expect_error(d, "example.org", CA, 0, "Directory", "There is no Directory=");
}

static void test_source_read__broken_files(void **state)
{
        const TestDirectory *d = *state;
        char *large;

        put_ca(d);
        put_bytes(d, MAIN, "[Defaults]\n\0\n", 13);
        expect_error(d, "example.org", MAIN, 0, NULL, "NUL bytes");

        large = malloc(CONFIG_FILE_BYTES_MAX + 1);
        assert_non_null(large);
        memset(large, '\n', CONFIG_FILE_BYTES_MAX + 1);
        put_bytes(d, MAIN, large, CONFIG_FILE_BYTES_MAX);
        config_free(load(d, "example.org"));
        put_bytes(d, MAIN, large, CONFIG_FILE_BYTES_MAX + 1);
        expect_error(d, "example.org", MAIN, 0, NULL, "larger than 1 MiB");
        free(large);

        assert_int_equal(unlinkat(d->fd, MAIN, 0), 0);
        assert_int_equal(mkdirat(d->fd, MAIN, 0755), 0);
        expect_error(d, "example.org", MAIN, 0, NULL, "it is a directory");
        assert_int_equal(unlinkat(d->fd, MAIN, AT_REMOVEDIR), 0);
        assert_int_equal(mkfifoat(d->fd, MAIN, 0644), 0);
        expect_error(d, "example.org", MAIN, 0, NULL, "no regular file");
        assert_int_equal(unlinkat(d->fd, MAIN, 0), 0);
        assert_int_equal(symlinkat("acme.conf", d->fd, MAIN), 0);
        expect_error(d, "example.org", MAIN, 0, NULL, "symbolic links");
        assert_int_equal(unlinkat(d->fd, MAIN, 0), 0);
        assert_int_equal(symlinkat("nowhere", d->fd, MAIN), 0);
        expect_error(d,
                     "example.org",
                     MAIN,
                     0,
                     NULL,
                     "a symbolic link to a file that does not exist");
        assert_int_equal(unlinkat(d->fd, MAIN, 0), 0);
        config_free(load(d, "example.org"));
        put(d, MAIN ".d", "");
        expect_error(d, "example.org", MAIN ".d", 0, NULL, "Not a directory");
}

static void test_source_read__link_is_followed(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(config_freep) Config *config = NULL;

        put_ca(d);
        put(d, "etc/acme/elsewhere", "[Defaults]\nKeyType=ec-p384\n");
        assert_int_equal(symlinkat("elsewhere", d->fd, MAIN), 0);
        config = load(d, "example.org");
        assert_int_equal(config->key_type, KEY_TYPE_EC_P384);
}

static void test_source_read__unreadable(void **state)
{
        const TestDirectory *d = *state;

        if (geteuid() != 0)
                skip();
        put_ca(d);
        put(d, MAIN, "");
        assert_int_equal(chmod(d->path, 0755), 0);
        assert_int_equal(fchmodat(d->fd, MAIN, 0600, 0), 0);
        assert_int_equal(seteuid(SOMEBODY_ELSE), 0);
        expect_error(d, "example.org", MAIN, 0, NULL, "permission denied");
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(fchmodat(d->fd, MAIN, 0644, 0), 0);
        assert_int_equal(mkdirat(d->fd, MAIN ".d", 0700), 0);
        assert_int_equal(seteuid(SOMEBODY_ELSE), 0);
        expect_error(d, "example.org", MAIN ".d", 0, NULL, "permission denied");
        assert_int_equal(seteuid(0), 0);
}

static void test_source_read__too_many_drop_ins(void **state)
{
        const TestDirectory *d = *state;

        put_ca(d);
        for (unsigned i = 0; i < 257; i++) {
                char file[64];

                snprintf(file, sizeof(file), MAIN ".d/%u.conf", i);
                put(d, file, "");
        }
        expect_error(d, "example.org", MAIN ".d", 0, NULL, "more than 256 files");
}

static void test_source_read__no_ca_file(void **state)
{
        const TestDirectory *d = *state;

        expect_error(d, "example.org", NULL, 0, "CA", "(there are none)");
        put_ca(d);
        put(d, "etc/acme/ca.d/own.conf", "");
        put(d, MAIN, "[Defaults]\nCA=owm\n");
        expect_error(d, "example.org", MAIN, 2, "CA", "one of letsencrypt, own");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_source_read__drop_ins),
                        cmocka_directory_test(test_source_read__ca_shadowed),
                        cmocka_directory_test(test_source_read__broken_lines),
                        cmocka_directory_test(test_source_read__broken_files),
                        cmocka_directory_test(test_source_read__link_is_followed),
                        cmocka_directory_test(test_source_read__unreadable),
                        cmocka_directory_test(test_source_read__too_many_drop_ins),
                        cmocka_directory_test(test_source_read__no_ca_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
