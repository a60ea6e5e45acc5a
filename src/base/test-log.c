/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/stat.h>

#include "base/test-journal.h"

static void test_log_full__fields(void **state _unused_)
{
        log_set_certificate("example.org");
        log_notice("Signed %i of %s", 2, "them");
        assert_int_equal(journal.n_entries, 1);
        assert_string_equal(journal_get("MESSAGE"), "Signed 2 of them");
        assert_string_equal(journal_get("PRIORITY"), "5");
        assert_string_equal(journal_get("SYSLOG_IDENTIFIER"), "test");
        assert_string_equal(journal_get("ACME_CERTIFICATE"), "example.org");
        assert_null(journal_get("ERRNO"));
}

static void test_log_full__without_certificate(void **state _unused_)
{
        log_warning("w");
        assert_string_equal(journal_get("PRIORITY"), "4");
        assert_null(journal_get("ACME_CERTIFICATE"));
}

static void test_log_full__newline_stays_in_its_value(void **state _unused_)
{
        log_error("one\nPRIORITY=0\nMESSAGE_ID=x");
        assert_string_equal(journal_get("MESSAGE"), "one\nPRIORITY=0\nMESSAGE_ID=x");
        assert_string_equal(journal_get("PRIORITY"), "3");
        assert_null(journal_get("MESSAGE_ID"));
}

static void test_log_errno__names_the_error(void **state _unused_)
{
        errno = EINTR;
        assert_int_equal(log_error_errno(-ENOENT, "Failed to open %s", "x"), -ENOENT);
        assert_string_equal(journal_get("MESSAGE"), "Failed to open x: No such file or directory");
        assert_string_equal(journal_get("ERRNO"), "2");
        assert_int_equal(errno, EINTR);
        assert_int_equal(log_oom(), -ENOMEM);
        assert_string_equal(journal_get("ERRNO"), "12");
}

static void test_log_full__debug_only_when_asked_for(void **state _unused_)
{
        log_debug("quiet");
        assert_int_equal(log_errno(LOG_DEBUG, -EIO, "quiet"), -EIO);
        assert_int_equal(journal.n_entries, 0);

        setenv("DEBUG_INVOCATION", "1", 1);
        log_open("test");
        log_set_target(LOG_TARGET_JOURNAL);
        unsetenv("DEBUG_INVOCATION");
        log_debug("loud");
        assert_int_equal(journal.n_entries, 1);
        assert_string_equal(journal_get("PRIORITY"), "7");
}

static void test_log_full__to_stderr(void **state _unused_)
{
        char text[256];

        stderr_capture();
        log_set_target(LOG_TARGET_STDERR);
        log_info("first\nsecond");
        log_error_errno(-EIO, "Failed");
        stderr_release(text, sizeof(text));
        assert_string_equal(text, "test: first\ntest: second\ntest: Failed: Input/output error\n");
        assert_int_equal(journal.n_entries, 0);
}

static void test_log_full__falls_back_when_the_journal_fails(void **state _unused_)
{
        char text[256];

        journal.result = -EAFNOSUPPORT;
        stderr_capture();
        log_info("heard");
        stderr_release(text, sizeof(text));
        assert_int_equal(journal.n_entries, 1);
        assert_string_equal(text, "test: heard\n");
}

static void test_log_full__stderr_is_the_journals_stream(void **state _unused_)
{
        char text[256], stream[64];
        struct stat st;

        stderr_capture();
        assert_int_equal(fstat(STDERR_FILENO, &st), 0);
        snprintf(stream,
                 sizeof(stream),
                 "%llu:%llu",
                 (unsigned long long) st.st_dev,
                 (unsigned long long) st.st_ino);
        setenv("JOURNAL_STREAM", stream, 1);
        log_set_target(LOG_TARGET_STDERR);
        log_warning("a\nb");
        unsetenv("JOURNAL_STREAM");
        stderr_release(text, sizeof(text));
        assert_string_equal(text, "<4>a\n<4>b\n");
}

#define test(function) cmocka_unit_test_setup_teardown(function, journal_setup, journal_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test(test_log_full__fields),
                        test(test_log_full__without_certificate),
                        test(test_log_full__newline_stays_in_its_value),
                        test(test_log_errno__names_the_error),
                        test(test_log_full__debug_only_when_asked_for),
                        test(test_log_full__to_stderr),
                        test(test_log_full__falls_back_when_the_journal_fails),
                        test(test_log_full__stderr_is_the_journals_stream),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
