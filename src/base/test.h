/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What every unit test needs: cmocka with the headers that it wants before it, a directory that
 * goes away, and assertions that name the row of a table. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>

#include "base/file.h"
#include "base/macro.h"

/* Fails with the row's name unless condition holds. */
#define assert_row(row, condition)                                                                 \
        do {                                                                                       \
                if (!(condition))                                                                  \
                        fail_msg("row \"%s\": %s", (row), #condition);                             \
        } while (false)

typedef struct TestDirectory {
        char path[64];
        int fd;
} TestDirectory;

/* As setup and teardown of a test: *state is a TestDirectory then. */
static inline int test_directory_setup(void **state)
{
        TestDirectory *d = calloc(1, sizeof(*d));

        assert_non_null(d);
        strcpy(d->path, "/tmp/acmeward-test-XXXXXX");
        assert_non_null(mkdtemp(d->path));
        d->fd = open(d->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(d->fd >= 0);
        *state = d;
        return 0;
}

static inline int test_directory_teardown(void **state)
{
        TestDirectory *d = *state;
        int tmp_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

        assert_int_equal(file_remove_tree(tmp_fd, strrchr(d->path, '/') + 1), 0);
        close(tmp_fd);
        close(d->fd);
        free(d);
        return 0;
}

#define cmocka_directory_test(function)                                                            \
        cmocka_unit_test_setup_teardown(function, test_directory_setup, test_directory_teardown)
