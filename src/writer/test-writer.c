/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a run makes of a target: everything that is missing, nothing else, or nothing at all and a
 * reason. */

#include <fcntl.h>

#include "writer/material.h"
#include "writer/pkcs12.h"
#include "writer/target-files.h"
#include "writer/test-target.h"

/* renameat2() as on a file system that knows no flags; and one that fails. */
static bool has_no_exchange;
static unsigned fail_at_rename, n_renames;

int __real_renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags);
int __wrap_renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags);
int __wrap_renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags)
{
        if (has_no_exchange) {
                errno = EINVAL;
                return -1;
        }
        if (++n_renames == fail_at_rename) {
                errno = EPERM;
                return -1;
        }
        return __real_renameat2(old_fd, old, new_fd, new, flags);
}

static int setup(void **state)
{
        has_no_exchange = false;
        fail_at_rename = n_renames = 0;
        return target_setup(state);
}

static void assert_pair_is_of(Target *target, unsigned generation)
{
        assert_true(target_is_of(target, TARGET_KEY, "privkey.pem", generation));
        assert_true(target_is_of(target, TARGET_CERTIFICATE, "cert.pem", generation));
}

static void test_writer__all_files(void **state)
{
        Target *target = *state;
        _cleanup_free_ char *bundle = NULL, *key = NULL, *full = NULL, *both = NULL;

        target_configure(target, TARGET_ALL);
        target_must_write(target);
        assert_pair_is_of(target, 1);
        assert_true(target_is_of(target, "etc/web-public/chain.pem", "chain.pem", 1));
        assert_true(target_is_of(target, TARGET_FULL_CHAIN, "fullchain.pem", 1));
        bundle = target_read(target, "etc/web/bundle.pem");
        key = target_read(target, TARGET_KEY);
        full = target_read(target, TARGET_FULL_CHAIN);
        assert_true(asprintf(&both, "%s%s", key, full) > 0);
        assert_string_equal(bundle, both);

        assert_int_equal(target_mode(target, TARGET_KEY), 0600);
        assert_int_equal(target_mode(target, "etc/web/bundle.pem"), 0600);
        assert_int_equal(target_mode(target, "etc/web/store.p12"), 0600);
        assert_int_equal(target_mode(target, TARGET_CERTIFICATE), 0644);
        assert_int_equal(target_mode(target, TARGET_FULL_CHAIN), 0644);
        assert_int_equal(target_count(target, TARGET_DIRECTORY), 5);
        assert_int_equal(target_count(target, "etc/web-public"), 3);
        target_must_rest(target);
}

static void test_writer__only_what_is_missing(void **state)
{
        Target *target = *state;
        ino_t key;

        target_configure(target, TARGET_PAIR);
        target_must_write(target);
        key = target_inode(target, TARGET_KEY);
        assert_int_equal(unlinkat(target->d->fd, TARGET_CERTIFICATE, 0), 0);
        target_must_write(target);
        assert_int_equal(target_inode(target, TARGET_KEY), key);

        target_make_live(target, 2);
        target_must_write(target);
        assert_pair_is_of(target, 2);
        target_must_rest(target);
        assert_int_equal(target_count(target, TARGET_DIRECTORY), 3);
}

static void test_writer__a_key_is_never_for_others(void **state)
{
        Target *target = *state;

        target_configure(target, TARGET_ALL "Mode=0664\n");
        target_must_write(target);
        assert_int_equal(target_mode(target, TARGET_KEY), 0660);
        assert_int_equal(target_mode(target, "etc/web/bundle.pem"), 0660);
        assert_int_equal(target_mode(target, "etc/web/store.p12"), 0660);
        assert_int_equal(target_mode(target, TARGET_CERTIFICATE), 0664);
}

static void test_writer__owner_and_mode_are_mended(void **state)
{
        Target *target = *state;

        target_configure(target, TARGET_ALL);
        target_must_write(target);
        assert_int_equal(fchmodat(target->d->fd, TARGET_KEY, 0644, 0), 0);
        assert_int_equal(fchmodat(target->d->fd, "etc/web/store.p12", 0640, 0), 0);
        target_must_write(target);
        assert_int_equal(target_mode(target, TARGET_KEY), 0600);
        assert_int_equal(target_mode(target, "etc/web/store.p12"), 0600);
        if (getuid() == 0) {
                assert_int_equal(fchownat(target->d->fd, TARGET_KEY, 7, 8, 0), 0);
                target_must_write(target);
                target_configure_owner(target, TARGET_PAIR "Owner=7\nGroup=8\nMode=640\n");
                target_must_write(target);
                assert_int_equal(target_mode(target, TARGET_KEY), 0640);
        }
        target_must_rest(target);
}

static void test_writer__pkcs12_is_compared_by_what_is_in_it(void **state)
{
        Target *target = *state;
        ino_t before;

        target_configure(target, TARGET_ALL);
        target_must_write(target);
        before = target_inode(target, "etc/web/store.p12");
        target_must_rest(target);
        assert_int_equal(target_inode(target, "etc/web/store.p12"), before);

        target_put(target, "credentials/pkcs12-password", "another", 0600);
        target_must_write(target);
        assert_int_not_equal(target_inode(target, "etc/web/store.p12"), before);
        target_must_rest(target);
        target_put(target, "etc/web/store.p12", "0\x80 not PKCS #12", 0600);
        target_must_write(target);
        target_must_rest(target);
}

static void test_writer__what_a_killed_run_left_goes(void **state)
{
        Target *target = *state;

        target_configure(target, TARGET_PAIR);
        target_put(target, TARGET_DIRECTORY "/.#key.pem.acmeward", "half a k", 0600);
        target_must_write(target);
        target_put(target, TARGET_DIRECTORY "/.#cert.pem.acmeward", "half a c", 0600);
        target_must_rest(target);
        assert_int_equal(target_count(target, TARGET_DIRECTORY), 3);
}

/* Key new, certificate old, the new one beside it; and by now something else is live, or nothing
 * that can be read. */
static void test_writer__a_pair_in_halves_is_finished_first(void **state)
{
        Target *target = *state;
        _cleanup_free_ char *key = NULL, *certificate = NULL;

        target_configure(target, TARGET_PAIR);
        target_make_live(target, 2);
        target_must_write(target);
        key = target_read(target, TARGET_KEY);
        certificate = target_read(target, TARGET_CERTIFICATE);
        target_make_live(target, 1);
        target_must_write(target);
        target_put(target, TARGET_KEY, key, 0600);
        target_put(target, TARGET_DIRECTORY "/.#cert.pem.acmeward", certificate, 0644);

        assert_int_equal(unlinkat(target->d->fd, "var/lib/acme/live/" TARGET_NAME, 0), 0);
        assert_int_equal(target_run(target), WRITER_E_FAILED);
        assert_int_equal(target->failure.reason, FAILURE_NOT_LIVE);
        assert_pair_is_of(target, 2);
        target_make_live(target, 3);
        target_must_write(target);
        assert_pair_is_of(target, 3);
        assert_int_equal(target_count(target, TARGET_DIRECTORY), 3);
}

static void test_writer__a_rename_that_fails_is_taken_back(void **state)
{
        Target *target = *state;

        target_configure(target, TARGET_ALL);
        target_must_write(target);
        target_make_live(target, 2);
        for (unsigned i = 1; i <= DEPLOY_FILE_MAX; i++) {
                n_renames = 0;
                fail_at_rename = i;
                assert_int_equal(target_run(target), WRITER_E_FAILED);
                assert_int_equal(target->failure.reason, FAILURE_FAILED);
                assert_non_null(strstr(target->failure.problem, target->failure.path));
                assert_pair_is_of(target, 1);
                assert_int_equal(target_count(target, TARGET_DIRECTORY), 5);
                assert_int_equal(target_count(target, "etc/web-public"), 3);
        }
        fail_at_rename = 0;
        target_must_write(target);
        assert_pair_is_of(target, 2);
}

static void test_writer__a_first_rename_that_fails_is_taken_back(void **state)
{
        Target *target = *state;

        target_configure(target, TARGET_PAIR);
        fail_at_rename = 2;
        assert_int_equal(target_run(target), WRITER_E_FAILED);
        assert_int_equal(target_count(target, TARGET_DIRECTORY), 1);
}

static void test_writer__a_file_system_without_exchange(void **state)
{
        Target *target = *state;

        has_no_exchange = true;
        target_configure(target, TARGET_ALL);
        target_must_write(target);
        target_make_live(target, 2);
        target_must_write(target);
        assert_pair_is_of(target, 2);
        assert_int_equal(target_count(target, TARGET_DIRECTORY), 5);
}

static void test_writer__a_chain_of_one(void **state)
{
        Target *target = *state;
        _cleanup_free_ char *certificate = NULL, *chain = NULL;

        certificate = target_read(target, "var/lib/acme/certs/" TARGET_NAME "/1/cert.pem");
        target_put(target, "var/lib/acme/certs/" TARGET_NAME "/1/fullchain.pem", certificate, 0644);
        target_configure(target, TARGET_ALL);
        target_must_write(target);
        chain = target_read(target, "etc/web-public/chain.pem");
        assert_string_equal(chain, "");
        target_must_rest(target);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, target_teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_writer__all_files),
                        TEST(test_writer__only_what_is_missing),
                        TEST(test_writer__a_key_is_never_for_others),
                        TEST(test_writer__owner_and_mode_are_mended),
                        TEST(test_writer__pkcs12_is_compared_by_what_is_in_it),
                        TEST(test_writer__what_a_killed_run_left_goes),
                        TEST(test_writer__a_pair_in_halves_is_finished_first),
                        TEST(test_writer__a_rename_that_fails_is_taken_back),
                        TEST(test_writer__a_first_rename_that_fails_is_taken_back),
                        TEST(test_writer__a_file_system_without_exchange),
                        TEST(test_writer__a_chain_of_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
