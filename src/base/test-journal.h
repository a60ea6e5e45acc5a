/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A journal of the test's own: sd_journal_sendv() by the linker's --wrap, which keeps the entry. */

#include <sys/uio.h>

#include "base/log.h"
#include "base/test.h"

#define JOURNAL_FIELDS_MAX 64U

static struct {
        char *fields[JOURNAL_FIELDS_MAX];
        size_t n_fields;
        size_t n_entries;
        int result; /* of the next send */
} journal;

int __wrap_sd_journal_sendv(const struct iovec *iov, int n);

static inline void journal_clear(void)
{
        while (journal.n_fields > 0)
                free(journal.fields[--journal.n_fields]);
        journal.n_entries = 0;
        journal.result = 0;
}

int __wrap_sd_journal_sendv(const struct iovec *iov, int n)
{
        size_t n_entries = journal.n_entries;
        int result = journal.result;

        journal_clear();
        journal.n_entries = n_entries + 1;
        for (int i = 0; i < n; i++) {
                char *field = strndup(iov[i].iov_base, iov[i].iov_len);

                assert_non_null(field);
                assert_int_equal(strlen(field), iov[i].iov_len);
                assert_true(journal.n_fields < JOURNAL_FIELDS_MAX);
                journal.fields[journal.n_fields++] = field;
        }
        return result;
}

/* The value of the last entry's field, NULL when it has none. */
static inline const char *journal_get(const char *key)
{
        const char *value = NULL;

        for (size_t i = 0; i < journal.n_fields; i++) {
                const char *rest = startswith(journal.fields[i], key);

                if (!rest || *rest != '=')
                        continue;
                assert_null(value);
                value = rest + 1;
        }
        return value;
}

static inline int journal_setup(void **state _unused_)
{
        journal_clear();
        log_open("test");
        log_set_certificate(NULL);
        log_set_target(LOG_TARGET_JOURNAL);
        return 0;
}

static inline int journal_teardown(void **state _unused_)
{
        journal_clear();
        return 0;
}

/* Standard error goes into a file between these two; the second gives what came. */
static int stderr_saved = -EBADF;
static int stderr_file = -EBADF;

static inline void stderr_capture(void)
{
        char path[] = "/tmp/acmeward-test-XXXXXX";

        fflush(stderr);
        stderr_saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        stderr_file = mkostemp(path, O_CLOEXEC);
        assert_true(stderr_file >= 0);
        unlink(path);
        assert_int_equal(dup2(stderr_file, STDERR_FILENO), STDERR_FILENO);
}

static inline void stderr_release(char *buffer, size_t size)
{
        ssize_t n;

        fflush(stderr);
        assert_int_equal(dup2(stderr_saved, STDERR_FILENO), STDERR_FILENO);
        n = pread(stderr_file, buffer, size - 1, 0);
        assert_true(n >= 0);
        buffer[n] = '\0';
        close(stderr_saved);
        close(stderr_file);
}
