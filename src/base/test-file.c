/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files on a real file system, and the same with a write, sync or rename that fails: whatever goes
 * wrong, the old content stays and nothing else lies about. */

#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/test.h"

/* The calls of file.c, by the linker's --wrap: they leave a trace, and fail when told to. */
static char trace[256];
static const char *failing_call;
static int failing_errno;

static bool fails(const char *call)
{
        if (strlen(trace) + strlen(call) + 2 < sizeof(trace))
                strcat(strcat(trace, call), " ");
        if (!failing_call || !streq(failing_call, call))
                return false;
        errno = failing_errno;
        return true;
}

#define WRAP(type, name, parameters, arguments)                                                    \
        type __real_##name parameters;                                                             \
        type __wrap_##name parameters;                                                             \
        type __wrap_##name parameters                                                              \
        {                                                                                          \
                return fails(#name) ? -1 : __real_##name arguments;                                \
        }

WRAP(int, fsync, (int fd), (fd))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(ssize_t, write, (int fd, const void *data, size_t n), (fd, data, n))
WRAP(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))

static int reset(void **state _unused_)
{
        trace[0] = '\0';
        failing_call = NULL;
        umask(022);
        return 0;
}

static int setup(void **state)
{
        reset(NULL);
        return test_directory_setup(state);
}

static int teardown(void **state)
{
        reset(NULL);
        return test_directory_teardown(state);
}

static size_t count_entries(int dir_fd)
{
        DIR *dir = fdopendir(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        size_t n = 0;

        assert_non_null(dir);
        while (readdir(dir))
                n++;
        closedir(dir);
        return n - 2;
}

static void assert_content(int dir_fd, const char *name, const char *expected)
{
        _cleanup_free_ char *text = NULL;
        size_t length;

        assert_int_equal(file_read(dir_fd, name, 1024, O_NOFOLLOW, &text, &length), 0);
        assert_string_equal(text, expected);
        assert_int_equal(length, strlen(expected));
}

static mode_t mode_of(int dir_fd, const char *name)
{
        struct stat st;

        assert_int_equal(fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
        return st.st_mode & 07777;
}

static void test_file_read__limits(void **state)
{
        TestDirectory *d = *state;
        static const struct {
                const char *data;
                size_t length, max;
                int result;
        } rows[] = {
                        {"", 0, 0, 0},
                        {"", 0, 10, 0},
                        {"0123456789", 10, 10, 0},
                        {"0123456789", 10, 9, -EFBIG},
                        {"a\n", 2, 10, 0},
                        {"a\0b", 3, 10, -EBADMSG},
                        {"\0", 1, 10, -EBADMSG},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = NULL;
                size_t length = 77;

                assert_int_equal(unlinkat(d->fd, "f", 0) < 0 && i > 0, 0);
                assert_int_equal(file_create(d->fd, "f", rows[i].data, rows[i].length, 0644), 0);
                assert_int_equal(file_read(d->fd, "f", rows[i].max, 0, &text, &length),
                                 rows[i].result);
                if (rows[i].result < 0) {
                        assert_null(text);
                        assert_int_equal(length, 77);
                        continue;
                }
                assert_int_equal(length, rows[i].length);
                assert_string_equal(text, rows[i].data);
        }
}

static void test_file_read__what_is_no_file(void **state)
{
        TestDirectory *d = *state;
        char *text = NULL;

        assert_int_equal(mkdirat(d->fd, "directory", 0755), 0);
        assert_int_equal(mkfifoat(d->fd, "fifo", 0644), 0);
        assert_int_equal(file_create(d->fd, "file", "x", 1, 0644), 0);
        assert_int_equal(symlinkat("file", d->fd, "link"), 0);

        assert_int_equal(file_read(d->fd, "directory", 9, 0, &text, NULL), -EBADMSG);
        assert_int_equal(file_read(d->fd, "fifo", 9, 0, &text, NULL), -EBADMSG);
        assert_int_equal(file_read(d->fd, "missing", 9, 0, &text, NULL), -ENOENT);
        assert_int_equal(file_read(d->fd, "link", 9, O_NOFOLLOW, &text, NULL), -ELOOP);
        assert_int_equal(file_read(AT_FDCWD, "/dev/zero", 9, 0, &text, NULL), -EBADMSG);
        assert_null(text);
        assert_int_equal(file_read(d->fd, "link", 9, 0, &text, NULL), 0);
        assert_string_equal(text, "x");
        free(text);
}

static void test_file_read_fd__bytes_as_they_are(void **state)
{
        static const char bytes[] = {'a', 0, 'b', '\n'};
        TestDirectory *d = *state;
        _cleanup_free_ char *content = NULL;
        _cleanup_close_ int fd = -EBADF;
        size_t length;

        assert_int_equal(file_create(d->fd, "file", bytes, sizeof(bytes), 0600), 0);
        fd = openat(d->fd, "file", O_RDONLY | O_CLOEXEC);
        assert_int_equal(file_read_fd(fd, sizeof(bytes) - 1, &content, &length), -EFBIG);
        assert_int_equal(file_read_fd(fd, sizeof(bytes), &content, &length), 0);
        assert_int_equal(length, sizeof(bytes));
        assert_memory_equal(content, bytes, sizeof(bytes));
}

static void test_file_read__size_unknown(void **state _unused_)
{
        _cleanup_free_ char *text = NULL;

        assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 65536, 0, &text, NULL), 0);
        assert_non_null(strstr(text, "Pid:"));
        assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 16, 0, &text, NULL), -EFBIG);
}

static void test_file_create__mode_from_birth(void **state)
{
        TestDirectory *d = *state;
        static const mode_t masks[] = {0, 022, 077, 0777};
        static const mode_t modes[] = {0600, 0644, 0400};

        for (size_t m = 0; m < ELEMENTSOF(masks); m++)
                for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                        umask(masks[m]);
                        assert_int_equal(file_create(d->fd, "key", "k", 1, modes[i]), 0);
                        assert_int_equal(mode_of(d->fd, "key"), modes[i]);
                        assert_int_equal(unlinkat(d->fd, "key", 0), 0);
                }
}

static void test_file_create__never_over_another(void **state)
{
        TestDirectory *d = *state;

        assert_int_equal(file_create(d->fd, "f", "old", 3, 0644), 0);
        assert_int_equal(file_create(d->fd, "f", "new", 3, 0644), -EEXIST);
        assert_content(d->fd, "f", "old");
        assert_int_equal(symlinkat("target", d->fd, "link"), 0);
        assert_int_equal(file_create(d->fd, "link", "new", 3, 0644), -EEXIST);
        assert_int_equal(count_entries(d->fd), 2);
}

static void test_file_replace__syncs_file_then_renames_then_syncs_directory(void **state)
{
        TestDirectory *d = *state;

        assert_int_equal(file_replace(d->fd, "f", "text", 4, 0600), 0);
        assert_string_equal(trace, "write fchmod fsync renameat fsync ");
        assert_content(d->fd, "f", "text");
}

static void test_file_replace_unsynced__leaves_the_sync_to_its_caller(void **state)
{
        TestDirectory *d = *state;

        assert_int_equal(file_replace_unsynced(d->fd, "f", "text", 4, 0600), 0);
        assert_string_equal(trace, "write fchmod renameat ");
        assert_content(d->fd, "f", "text");
        assert_int_equal(mode_of(d->fd, "f"), 0600);
        assert_int_equal(file_create_unsynced(d->fd, "f", "x", 1, 0600), -EEXIST);
        assert_int_equal(file_create_unsynced(d->fd, "g", "x", 1, 0644), 0);
        assert_int_equal(file_sync(d->fd, "g"), 0);
        assert_string_equal(trace, "write fchmod renameat write fchmod fsync ");
        assert_int_equal(file_sync(d->fd, "h"), -ENOENT);
}

static void test_file_replace__new_content_and_mode(void **state)
{
        TestDirectory *d = *state;

        assert_int_equal(file_replace(d->fd, "f", "", 0, 0644), 0);
        assert_content(d->fd, "f", "");
        assert_int_equal(file_replace(d->fd, "f", "two", 3, 0600), 0);
        assert_content(d->fd, "f", "two");
        assert_int_equal(mode_of(d->fd, "f"), 0600);

        /* The link is replaced, not what it points at. */
        assert_int_equal(symlinkat("f", d->fd, "link"), 0);
        assert_int_equal(file_replace(d->fd, "link", "three", 5, 0644), 0);
        assert_content(d->fd, "link", "three");
        assert_content(d->fd, "f", "two");
        assert_int_equal(count_entries(d->fd), 2);
}

static void test_file_replace__a_failure_leaves_the_old(void **state)
{
        TestDirectory *d = *state;
        static const struct {
                const char *call;
                int error;
        } rows[] = {
                        {"write", ENOSPC},
                        {"write", EDQUOT},
                        {"write", EIO},
                        {"fchmod", EPERM},
                        {"fsync", EIO},
                        {"renameat", EROFS},
        };

        assert_int_equal(file_replace(d->fd, "f", "old", 3, 0644), 0);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                reset(NULL);
                failing_call = rows[i].call;
                failing_errno = rows[i].error;
                assert_int_equal(file_replace(d->fd, "f", "new", 3, 0600), -rows[i].error);
                failing_call = NULL;
                assert_content(d->fd, "f", "old");
                assert_int_equal(mode_of(d->fd, "f"), 0644);
                assert_int_equal(count_entries(d->fd), 1);
        }
}

static void test_file_create__a_failure_leaves_nothing(void **state)
{
        TestDirectory *d = *state;
        static const char *const calls[] = {"write", "fchmod", "fsync"};

        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                failing_call = calls[i];
                failing_errno = EIO;
                assert_int_equal(file_create(d->fd, "f", "new", 3, 0600), -EIO);
                assert_int_equal(count_entries(d->fd), 0);
        }
}

static void test_file_replace__disk_full(void **state)
{
        TestDirectory *d = *state;
        _cleanup_free_ char *large = calloc(1, 1024 * 1024);
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;

        assert_int_equal(mkdirat(d->fd, "small", 0755), 0);
        assert_true(asprintf(&path, "%s/small", d->path) > 0);
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", path, "tmpfs", 0, "size=64k,mode=0755") < 0)
                skip();
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(file_replace(fd, "f", "old", 3, 0644), 0);
        assert_int_equal(file_replace(fd, "f", large, 1024 * 1024, 0644), -ENOSPC);
        assert_content(fd, "f", "old");
        assert_int_equal(count_entries(fd), 1);
        assert_int_equal(umount2(path, MNT_DETACH), 0);
}

static void test_file_remove_tree__stays_on_its_file_system(void **state)
{
        TestDirectory *d = *state;
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        assert_int_equal(mkdirat(d->fd, "tree", 0755), 0);
        assert_true(asprintf(&path, "%s/tree/other", d->path) > 0);
        assert_int_equal(mkdir(path, 0755), 0);
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", path, "tmpfs", 0, "size=64k,mode=0755") < 0)
                skip();
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_create(fd, "f", "x", 1, 0644), 0);
        /* Some kernels refuse the mount point before we see the other device. */
        r = file_remove_tree(d->fd, "tree");
        assert_true(r == -EXDEV || r == -EBUSY);
        assert_content(fd, "f", "x");
        assert_int_equal(umount2(path, MNT_DETACH), 0);
}

static void test_file_symlink_replace__one_rename(void **state)
{
        TestDirectory *d = *state;
        char target[64] = {};

        assert_int_equal(file_symlink_replace(d->fd, "one", "live"), 0);
        assert_int_equal(file_symlink_replace(d->fd, "../certs/x/2", "live"), 0);
        assert_string_equal(trace, "renameat fsync renameat fsync ");
        assert_int_equal(readlinkat(d->fd, "live", target, sizeof(target) - 1), 12);
        assert_string_equal(target, "../certs/x/2");

        failing_call = "renameat";
        failing_errno = EIO;
        assert_int_equal(file_symlink_replace(d->fd, "three", "live"), -EIO);
        assert_int_equal(readlinkat(d->fd, "live", target, sizeof(target) - 1), 12);
        assert_int_equal(count_entries(d->fd), 1);
}

static void test_file_remove_tree__all_of_it_and_nothing_else(void **state)
{
        TestDirectory *d = *state;
        _cleanup_free_ char *outside = NULL;
        _cleanup_close_ int fd = -EBADF;

        assert_int_equal(mkdirat(d->fd, "kept", 0755), 0);
        assert_int_equal(mkdirat(d->fd, "tree", 0755), 0);
        fd = openat(d->fd, "tree", O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(mkdirat(fd, "empty", 0700), 0);
        assert_int_equal(mkdirat(fd, "full", 0755), 0);
        assert_int_equal(file_create(fd, "full/a", "a", 1, 0400), 0);
        assert_int_equal(file_create(fd, "b", "b", 1, 0), 0);
        assert_int_equal(mkfifoat(fd, "fifo", 0644), 0);
        assert_true(asprintf(&outside, "%s/kept", d->path) > 0);
        assert_int_equal(file_create(d->fd, "kept/c", "c", 1, 0644), 0);
        assert_int_equal(symlinkat(outside, fd, "link"), 0);
        assert_int_equal(symlinkat("..", fd, "up"), 0);

        assert_int_equal(file_remove_tree(d->fd, "tree"), 0);
        assert_int_equal(count_entries(d->fd), 1);
        assert_content(d->fd, "kept/c", "c");
}

static void test_file_remove_tree__what_is_no_tree(void **state)
{
        TestDirectory *d = *state;

        assert_int_equal(file_remove_tree(d->fd, "missing"), 0);
        assert_int_equal(file_create(d->fd, "file", "x", 1, 0644), 0);
        assert_int_equal(file_remove_tree(d->fd, "file"), -ENOTDIR);
        assert_int_equal(mkdirat(d->fd, "directory", 0755), 0);
        assert_int_equal(symlinkat("directory", d->fd, "link"), 0);
        assert_true(file_remove_tree(d->fd, "link") < 0);
        assert_int_equal(count_entries(d->fd), 3);
}

static void test_file_remove_tree__deeper_than_ours(void **state)
{
        TestDirectory *d = *state;
        char path[64] = "1";

        for (int depth = 1; depth <= 9; depth++) {
                assert_int_equal(mkdirat(d->fd, path, 0755), 0);
                strcat(path, "/1");
        }
        assert_int_equal(file_remove_tree(d->fd, "1"), -ELOOP);
        /* Below "1", there are eight. */
        path[strlen("1")] = '\0';
        assert_int_equal(renameat(d->fd, "1/1", d->fd, "2"), 0);
        assert_int_equal(file_remove_tree(d->fd, "2"), 0);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test(test_file_read__limits),
                        test(test_file_read__what_is_no_file),
                        test(test_file_read_fd__bytes_as_they_are),
                        test(test_file_read__size_unknown),
                        test(test_file_create__mode_from_birth),
                        test(test_file_create__never_over_another),
                        test(test_file_create__a_failure_leaves_nothing),
                        test(test_file_replace__syncs_file_then_renames_then_syncs_directory),
                        test(test_file_replace_unsynced__leaves_the_sync_to_its_caller),
                        test(test_file_replace__new_content_and_mode),
                        test(test_file_replace__a_failure_leaves_the_old),
                        test(test_file_replace__disk_full),
                        test(test_file_symlink_replace__one_rename),
                        test(test_file_remove_tree__all_of_it_and_nothing_else),
                        test(test_file_remove_tree__what_is_no_tree),
                        test(test_file_remove_tree__deeper_than_ours),
                        test(test_file_remove_tree__stays_on_its_file_system),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
