/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is refused, and that then nothing at all was written: not a file, not half of one. */

#include <fcntl.h>

#include "writer/target-files.h"
#include "writer/test-target.h"

static void change_mode(Target *target, const char *path, mode_t mode)
{
        assert_int_equal(fchmodat(target->d->fd, path, mode, 0), 0);
}

/* Everything as it was made at first, of generation 1; generation 2 is live. */
static void prepare(Target *target, const char *section)
{
        target_configure(target, section);
        target_must_write(target);
        target_make_live(target, 2);
}

static void assert_refused(Target *target, FailureReason reason, const char *path)
{
        unsigned n = target_count(target, TARGET_DIRECTORY);

        assert_int_equal(target_run(target), WRITER_E_FAILED);
        if (target->failure.reason != reason)
                fail_msg("%s instead of %s: %s",
                         failure_reason_to_string(target->failure.reason),
                         failure_reason_to_string(reason),
                         target->failure.problem);
        if (path)
                assert_string_equal(target->failure.path, path);
        else
                assert_null(target->failure.path);
        assert_non_null(target->failure.problem);
        assert_false(target->is_written);
        assert_int_equal(target_count(target, TARGET_DIRECTORY), n);
}

/* The other file of the pair, which would have been no trouble, is as it was too. */
static void assert_old(Target *target, const char *path, const char *file)
{
        assert_true(target_is_of(target, path, file, 1));
}

static void test_refused__a_symlink_in_the_place_of_a_file(void **state)
{
        Target *target = *state;

        prepare(target, TARGET_PAIR);
        target_put(target, "etc/elsewhere", "theirs", 0644);
        assert_int_equal(unlinkat(target->d->fd, TARGET_CERTIFICATE, 0), 0);
        assert_int_equal(symlinkat("../elsewhere", target->d->fd, TARGET_CERTIFICATE), 0);
        assert_refused(target, FAILURE_SYMLINK, "/" TARGET_CERTIFICATE);
        assert_old(target, TARGET_KEY, "privkey.pem");
        assert_int_equal(unlinkat(target->d->fd, TARGET_CERTIFICATE, 0), 0);
        assert_int_equal(symlinkat("nowhere", target->d->fd, TARGET_CERTIFICATE), 0);
        assert_refused(target, FAILURE_SYMLINK, "/" TARGET_CERTIFICATE);
}

static void test_refused__a_symlink_in_the_path(void **state)
{
        Target *target = *state;

        prepare(target, TARGET_ALL);
        assert_int_equal(renameat(target->d->fd, "etc/web-public", target->d->fd, "etc/moved"), 0);
        assert_int_equal(symlinkat("moved", target->d->fd, "etc/web-public"), 0);
        assert_refused(target, FAILURE_SYMLINK, "/etc/web-public");
        assert_non_null(strstr(target->failure.problem, "(to moved)"));
        assert_old(target, TARGET_KEY, "privkey.pem");
        assert_old(target, "etc/moved/full.pem", "fullchain.pem");

        assert_int_equal(unlinkat(target->d->fd, "etc/web-public", 0), 0);
        assert_int_equal(renameat(target->d->fd, "etc/moved", target->d->fd, "etc/web-public"), 0);
        target_must_write(target);
        target_configure(target, "Certificate=/etc/link/web/cert.pem\n");
        assert_int_equal(symlinkat("../etc", target->d->fd, "etc/link"), 0);
        assert_refused(target, FAILURE_SYMLINK, "/etc/link");
}

static void test_refused__what_is_no_file(void **state)
{
        Target *target = *state;

        prepare(target, TARGET_PAIR);
        assert_int_equal(unlinkat(target->d->fd, TARGET_CERTIFICATE, 0), 0);
        assert_int_equal(mkdirat(target->d->fd, TARGET_CERTIFICATE, 0755), 0);
        assert_refused(target, FAILURE_NOT_REGULAR, "/" TARGET_CERTIFICATE);
        assert_int_equal(unlinkat(target->d->fd, TARGET_CERTIFICATE, AT_REMOVEDIR), 0);
        assert_int_equal(mkfifoat(target->d->fd, TARGET_CERTIFICATE, 0644), 0);
        assert_refused(target, FAILURE_NOT_REGULAR, "/" TARGET_CERTIFICATE);
        assert_old(target, TARGET_KEY, "privkey.pem");
}

/* Where the temporary is to be, too. */
static void test_refused__a_directory_beside(void **state)
{
        Target *target = *state;

        prepare(target, TARGET_PAIR);
        assert_int_equal(mkdirat(target->d->fd, TARGET_DIRECTORY "/.#cert.pem.acmeward", 0755), 0);
        assert_refused(target, FAILURE_FAILED, "/" TARGET_CERTIFICATE);
        assert_old(target, TARGET_KEY, "privkey.pem");
        assert_old(target, TARGET_CERTIFICATE, "cert.pem");
}

static void test_refused__a_directory_that_others_can_write(void **state)
{
        Target *target = *state;

        prepare(target, TARGET_PAIR);
        change_mode(target, TARGET_DIRECTORY, 0757);
        assert_refused(target, FAILURE_DIRECTORY_WRITABLE, "/" TARGET_DIRECTORY);
        change_mode(target, TARGET_DIRECTORY, 01777);
        assert_refused(target, FAILURE_DIRECTORY_WRITABLE, "/" TARGET_DIRECTORY);
        assert_old(target, TARGET_KEY, "privkey.pem");
        /* The target's own group. */
        change_mode(target, TARGET_DIRECTORY, 0770);
        target_must_write(target);
        if (getuid() == 0) {
                assert_int_equal(fchownat(target->d->fd, TARGET_DIRECTORY, 0, 7, 0), 0);
                assert_refused(target, FAILURE_DIRECTORY_WRITABLE, "/" TARGET_DIRECTORY);
                assert_int_equal(fchownat(target->d->fd, TARGET_DIRECTORY, 7, 0, 0), 0);
                assert_refused(target, FAILURE_DIRECTORY_WRITABLE, "/" TARGET_DIRECTORY);
                target_configure_owner(target, "Owner=7\nGroup=8\n" TARGET_PAIR);
                change_mode(target, TARGET_DIRECTORY, 0700);
                target_must_write(target);
        }
}

static void test_refused__no_directory(void **state)
{
        Target *target = *state;

        target_configure(target, TARGET_PAIR "Bundle=/etc/nowhere/bundle.pem\n");
        assert_refused(target, FAILURE_NO_DIRECTORY, "/etc/nowhere");
        target_configure(target, TARGET_PAIR "Bundle=/etc/web/other/bundle.pem\n");
        assert_refused(target, FAILURE_NO_DIRECTORY, "/etc/web/other");
        assert_false(target_has(target, TARGET_KEY));
}

static void test_refused__places_that_do_not_last(void **state)
{
        static const char *const places[] = {"/run/web", "/var/run", "/tmp", "/var/tmp/x/y"};
        Target *target = *state;

        FOREACH_ARRAY (place, places, ELEMENTSOF(places)) {
                _cleanup_free_ char *section = NULL;

                assert_true(asprintf(&section, TARGET_PAIR "Bundle=%s/b.pem\n", *place) > 0);
                target_configure(target, section);
                assert_refused(target, FAILURE_UNFIT_PLACE, *place);
        }
        /* What only begins like one. */
        target_put(target, "runs/other", "", 0644);
        target_configure(target, TARGET_PAIR "Bundle=/runs/bundle.pem\n");
        target_must_write(target);
}

static void test_refused__a_name_too_long(void **state)
{
        Target *target = *state;
        char name[NAME_MAX + 1] = {}, section[1024];

        memset(name, 'x', NAME_MAX);
        snprintf(section, sizeof(section), "Certificate=/" TARGET_DIRECTORY "/%s\n", name);
        target_configure(target, section);
        assert_int_equal(target_run(target), WRITER_E_FAILED);
        assert_int_equal(target->failure.reason, FAILURE_NAME_TOO_LONG);
}

static void test_refused__owners_that_are_not(void **state)
{
        Target *target = *state;

        target_configure_owner(target, "Owner=no-such-user\n" TARGET_PAIR);
        assert_refused(target, FAILURE_UNKNOWN_OWNER, NULL);
        target_configure_owner(target, "Group=no-such-group\n" TARGET_PAIR);
        assert_refused(target, FAILURE_UNKNOWN_GROUP, NULL);
        /* A number needs no user, but then nobody knows its group. */
        target_configure_owner(target, "Owner=4000000000\n" TARGET_PAIR);
        assert_refused(target, FAILURE_UNKNOWN_GROUP, NULL);
        assert_false(target_has(target, TARGET_KEY));
}

static void test_refused__passwords(void **state)
{
        static const char *const passwords[] = {"", "\n", "two\nlines\n", "\r\nx"};
        Target *target = *state;
        char *credentials;

        target_configure(target, TARGET_ALL);
        FOREACH_ARRAY (password, passwords, ELEMENTSOF(passwords)) {
                target_put(target, "credentials/pkcs12-password", *password, 0600);
                assert_refused(target, FAILURE_PASSWORD, NULL);
        }
        credentials = TAKE_PTR(target->credentials);
        assert_refused(target, FAILURE_PASSWORD, NULL);
        target->credentials = credentials;
        assert_false(target_has(target, TARGET_KEY));
        target_configure(target, TARGET_PAIR);
        target_must_write(target);
}

#define STORE "var/lib/acme/certs/" TARGET_NAME

static void test_refused__a_store_that_does_not_fit(void **state)
{
        Target *target = *state;
        _cleanup_free_ char *key = NULL;

        prepare(target, TARGET_PAIR);
        key = target_read(target, STORE "/1/privkey.pem");
        target_put(target, STORE "/2/privkey.pem", key, 0600);
        assert_refused(target, FAILURE_MISMATCH, NULL);
        target_put(target, STORE "/2/privkey.pem", "no key\n", 0600);
        assert_refused(target, FAILURE_MISMATCH, NULL);
        assert_int_equal(unlinkat(target->d->fd, STORE "/2/privkey.pem", 0), 0);
        assert_refused(target, FAILURE_NOT_LIVE, NULL);
        target_make_live(target, 9);
        assert_refused(target, FAILURE_NOT_LIVE, NULL);
        assert_old(target, TARGET_KEY, "privkey.pem");
        assert_old(target, TARGET_CERTIFICATE, "cert.pem");
}

static void test_refused__no_such_section(void **state)
{
        Target *target = *state;

        target_put(target,
                   "etc/acme/certs/" TARGET_NAME ".conf",
                   "[Certificate]\nIdentifiers=www.example.org\n[Deploy other]\n",
                   0644);
        assert_refused(target, FAILURE_LABEL, NULL);
        target_put(target, "etc/acme/certs/" TARGET_NAME ".conf", "[Deploy web]\nMode=x\n", 0644);
        assert_int_equal(target_run(target), WRITER_E_CONFIGURATION);
}

/* Every reason has its word, and its exit status says whether a person must act. */
static void test_failure__words(void **state _unused_)
{
        for (FailureReason reason = 1; reason < FAILURE_REASON_MAX; reason++) {
                ExitStatus status = failure_exit_status(reason);

                assert_non_null(failure_reason_to_string(reason));
                assert_true(status == EXIT_CONFIGURATION || status == EXIT_TRY_AGAIN);
                for (FailureReason other = 1; other < reason; other++)
                        assert_string_not_equal(failure_reason_to_string(reason),
                                                failure_reason_to_string(other));
        }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, target_setup, target_teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_refused__a_symlink_in_the_place_of_a_file),
                        TEST(test_refused__a_symlink_in_the_path),
                        TEST(test_refused__what_is_no_file),
                        TEST(test_refused__a_directory_beside),
                        TEST(test_refused__a_directory_that_others_can_write),
                        TEST(test_refused__no_directory),
                        TEST(test_refused__places_that_do_not_last),
                        TEST(test_refused__a_name_too_long),
                        TEST(test_refused__owners_that_are_not),
                        TEST(test_refused__passwords),
                        TEST(test_refused__a_store_that_does_not_fit),
                        TEST(test_refused__no_such_section),
                        cmocka_unit_test(test_failure__words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
