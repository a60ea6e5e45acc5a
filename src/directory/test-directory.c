/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "directory/directory.h"

#define ROOT "/tmp/acme-test-directory"
#define PATH "/var/www/tokens"
#define HERE ROOT "/above/tokens"
#define TOKEN "DGyRejmCefe7v4NfDGDKfA"

typedef struct Fds {
        int record, parent;
} Fds;

static int open_directory(const char *path)
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static int setup(void **state)
{
        _cleanup_close_ int tmp_fd = open_directory("/tmp");
        static Fds fds;

        assert_int_equal(file_remove_tree(tmp_fd, "acme-test-directory"), 0);
        assert_int_equal(mkdir(ROOT, 0700), 0);
        assert_int_equal(mkdir(ROOT "/above", 0755), 0);
        assert_int_equal(mkdir(ROOT "/record", 0755), 0);
        fds.record = open_directory(ROOT "/record");
        fds.parent = open_directory(ROOT "/above");
        *state = &fds;
        return 0;
}

static int teardown(void **state)
{
        _cleanup_close_ int tmp_fd = open_directory("/tmp");
        Fds *fds = *state;

        close(fds->record);
        close(fds->parent);
        return file_remove_tree(tmp_fd, "acme-test-directory");
}

static int make(const Fds *fds)
{
        return directory_make(fds->record, fds->parent, PATH);
}

/* And nothing is left of it, nor of a temporary. */
static void remove_and_look(const Fds *fds)
{
        assert_int_equal(directory_remove(fds->record, fds->parent, PATH), 0);
        assert_int_equal(rmdir(ROOT "/above"), 0);
        assert_int_equal(rmdir(ROOT "/record"), 0);
        assert_int_equal(mkdir(ROOT "/above", 0755), 0);
        assert_int_equal(mkdir(ROOT "/record", 0755), 0);
}

static void test_directory__made_and_removed(void **state)
{
        char target[64] = "";
        struct stat st;

        assert_int_equal(make(*state), 0);
        assert_int_equal(stat(HERE, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0775);
        assert_int_equal(st.st_gid, getegid());
        assert_true(readlink(ROOT "/record/" DIRECTORY_LINK, target, sizeof(target) - 1) > 0);
        assert_string_equal(target, PATH);
        assert_int_equal(close(open(HERE "/" TOKEN, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
        assert_int_equal(close(open(HERE "/.#" TOKEN, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
        remove_and_look(*state);
}

static void test_directory__what_is_there_is_refused(void **state)
{
        Fds *fds = *state;
        struct stat st;

        for (unsigned i = 0; i < 3; i++) {
                if (i == 0)
                        assert_int_equal(mkdir(HERE, 0755), 0);
                else if (i == 1)
                        assert_int_equal(symlink("/etc", HERE), 0);
                else
                        assert_int_equal(close(open(HERE, O_CREAT | O_CLOEXEC, 0644)), 0);
                assert_int_equal(make(fds), DIRECTORY_E_REFUSED);
                assert_int_equal(access(ROOT "/record/" DIRECTORY_REASON, F_OK), 0);
                assert_int_equal(directory_remove(fds->record, fds->parent, PATH), 0);
                assert_int_equal(lstat(HERE, &st), 0);
                assert_int_equal(remove(HERE), 0);
        }
}

static void test_directory__above_it_nobody_else_writes(void **state)
{
        Fds *fds = *state;

        assert_int_equal(fchmod(fds->parent, 0777), 0);
        assert_int_equal(make(fds), DIRECTORY_E_REFUSED);
        assert_int_equal(access(HERE, F_OK), -1);
}

/* Somebody has put something else in its place. */
static void test_directory__only_what_was_made_is_removed(void **state)
{
        Fds *fds = *state;

        assert_int_equal(make(fds), 0);
        assert_int_equal(rename(HERE, ROOT "/above/elsewhere"), 0);
        assert_int_equal(mkdir(HERE, 0755), 0);
        assert_int_equal(directory_remove(fds->record, fds->parent, PATH), 0);
        assert_int_equal(access(HERE, F_OK), 0);
}

static void test_directory__files_of_others_stay(void **state)
{
        Fds *fds = *state;

        assert_int_equal(make(fds), 0);
        assert_int_equal(close(open(HERE "/index.html", O_CREAT | O_CLOEXEC, 0644)), 0);
        assert_int_equal(directory_remove(fds->record, fds->parent, PATH), DIRECTORY_E_FOREIGN);
        assert_int_equal(access(HERE "/index.html", F_OK), 0);
}

/* The record of one that was killed before, and after, each of its steps. */
static void test_directory__killed(void **state)
{
        Fds *fds = *state;

        assert_int_equal(directory_remove(fds->record, fds->parent, PATH), 0);
        assert_int_equal(file_create(fds->record, DIRECTORY_TEMPORARY, ".#acme", 6, 0644), 0);
        remove_and_look(fds);
        fds->record = open_directory(ROOT "/record");
        fds->parent = open_directory(ROOT "/above");
        assert_int_equal(mkdir(ROOT "/above/.#acmeward.0", 0700), 0);
        assert_int_equal(file_create(fds->record, DIRECTORY_TEMPORARY, ".#acmeward.0", 12, 0644),
                         0);
        remove_and_look(fds);
        fds->record = open_directory(ROOT "/record");
        fds->parent = open_directory(ROOT "/above");
        assert_int_equal(make(fds), 0);
        assert_int_equal(unlinkat(fds->record, DIRECTORY_LINK, 0), 0);
        remove_and_look(fds);
}

/* Who comes next finishes what was left, of this path; another path is not touched. */
static void test_directory__made_again_after_a_crash(void **state)
{
        Fds *fds = *state;

        assert_int_equal(make(fds), 0);
        assert_int_equal(make(fds), 0);
        remove_and_look(fds);
}

static void test_directory__the_record_opens_nothing(void **state)
{
        Fds *fds = *state;

        assert_int_equal(make(fds), 0);
        assert_int_equal(directory_remove(fds->record, fds->parent, "/var/www/other"), 0);
        assert_int_equal(access(HERE, F_OK), 0);
        assert_int_equal(access(ROOT "/record/" DIRECTORY_PATH, F_OK), -1);
        /* Nobody knows any more whose it is. */
        assert_int_equal(make(fds), DIRECTORY_E_REFUSED);
        assert_int_equal(directory_remove(fds->record, fds->parent, PATH), 0);
        assert_int_equal(access(HERE, F_OK), 0);
}

static void test_directory__without_the_directory_above(void **state)
{
        Fds *fds = *state;

        assert_int_equal(directory_make(fds->record, -EBADF, PATH), DIRECTORY_E_REFUSED);
        assert_int_equal(access(ROOT "/record/" DIRECTORY_REASON, F_OK), 0);
        assert_int_equal(directory_remove(fds->record, -EBADF, PATH), 0);
        assert_int_equal(access(ROOT "/record/" DIRECTORY_REASON, F_OK), -1);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_directory__made_and_removed),
                        TEST(test_directory__what_is_there_is_refused),
                        TEST(test_directory__above_it_nobody_else_writes),
                        TEST(test_directory__only_what_was_made_is_removed),
                        TEST(test_directory__files_of_others_stay),
                        TEST(test_directory__killed),
                        TEST(test_directory__made_again_after_a_crash),
                        TEST(test_directory__the_record_opens_nothing),
                        TEST(test_directory__without_the_directory_above),
        };

        log_open("test-directory");
        log_set_target(LOG_TARGET_STDERR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
