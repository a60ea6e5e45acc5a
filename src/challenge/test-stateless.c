/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "challenge/stateless.h"

#define DIRECTORY "acme-test-stateless"

static int setup(void **state)
{
        static int fd;
        _cleanup_close_ int tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_int_equal(file_remove_tree(tmp_fd, DIRECTORY), 0);
        assert_int_equal(mkdirat(tmp_fd, DIRECTORY, 0700), 0);
        /* As tokens_open() does. */
        fd = openat(tmp_fd, DIRECTORY, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        *state = &fd;
        return 0;
}

static int teardown(void **state)
{
        _cleanup_close_ int tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        close(*(int *) *state);
        return file_remove_tree(tmp_fd, DIRECTORY);
}

static void assert_answer(int fd, const char *expected)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        r = file_read(fd, STATELESS_FILE, 256, O_NOFOLLOW, &text, &length);
        assert_int_equal(r, expected ? 0 : -ENOENT);
        if (expected)
                assert_string_equal(text, expected);
}

/* rmdir() is the proof that nothing is left. */
static void assert_empty(int fd)
{
        char path[64];
        struct stat st;

        (void) snprintf(path, sizeof(path), "/tmp/" DIRECTORY);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_int_equal(fstat(fd, &st), 0);
}

static void test_stateless__one_holder(void **state)
{
        int fd = *(int *) *state;

        assert_int_equal(stateless_withdraw(fd, "a.example"), 0);
        assert_int_equal(stateless_publish(fd, "a.example", "first"), 0);
        assert_answer(fd, "first");
        assert_int_equal(stateless_publish(fd, "a.example", "second"), 0);
        assert_answer(fd, "second");
        assert_int_equal(stateless_withdraw(fd, "a.example"), 0);
        assert_empty(fd);
}

static void test_stateless__who_is_left(void **state)
{
        int fd = *(int *) *state;

        assert_int_equal(stateless_publish(fd, STATELESS_HOST, "host"), 0);
        assert_int_equal(stateless_publish(fd, "a", "one"), 0);
        assert_int_equal(stateless_publish(fd, "b", "two"), 0);
        assert_answer(fd, "two");
        assert_int_equal(stateless_withdraw(fd, "b"), 0);
        assert_int_equal(stateless_withdraw(fd, "a"), 0);
        assert_answer(fd, "host");
        assert_int_equal(stateless_withdraw(fd, STATELESS_HOST), 0);
        assert_empty(fd);
}

/* Between its two files. */
static void test_stateless__one_that_was_killed(void **state)
{
        int fd = *(int *) *state;

        assert_int_equal(file_create(fd, STATELESS_FILE ".a", "one", 3, 0644), 0);
        assert_int_equal(file_create(fd, ".#" STATELESS_FILE ".0123", "one", 3, 0644), 0);
        assert_int_equal(stateless_withdraw(fd, "a"), 0);
        assert_empty(fd);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_stateless__one_holder),
                        TEST(test_stateless__who_is_left),
                        TEST(test_stateless__one_that_was_killed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
