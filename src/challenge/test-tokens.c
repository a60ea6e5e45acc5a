/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "challenge/holder.h"

#define ROOT "/tmp/acme-test-tokens"
#define A "DGyRejmCefe7v4NfDGDKfA"
#define B "EGyRejmCefe7v4NfDGDKfA"

#define HOLDER "a"

static const char *const paths[] = {ROOT "/public", ROOT "/www"};

static void remove_root(void)
{
        _cleanup_close_ int tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_int_equal(file_remove_tree(tmp_fd, "acme-test-tokens"), 0);
}

static void open_tokens(Tokens *tokens, const char *const directories[])
{
        assert_int_equal(tokens_open(tokens, ROOT "/lease", directories, 2), 0);
        assert_int_equal(holder_begin(tokens, HOLDER), 0);
}

static int setup(void **state)
{
        static Tokens tokens;

        remove_root();
        assert_int_equal(mkdir(ROOT, 0700), 0);
        assert_int_equal(mkdir(ROOT "/lease", 0700), 0);
        assert_int_equal(mkdir(paths[0], 0755), 0);
        assert_int_equal(mkdir(paths[1], 0755), 0);
        open_tokens(&tokens, paths);
        *state = &tokens;
        return 0;
}

static int teardown(void **state)
{
        tokens_close(*state);
        remove_root();
        return 0;
}

static void assert_file(const char *path, const char *expected, mode_t mode)
{
        _cleanup_free_ char *text = NULL;
        struct stat st;
        size_t length;

        assert_int_equal(file_read(AT_FDCWD, path, 1024, O_NOFOLLOW, &text, &length), 0);
        assert_string_equal(text, expected);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, mode);
}

static void assert_text(const char *path, const char *expected)
{
        assert_file(path, expected, 0644);
}

static void test_tokens_publish__into_every_directory(void **state)
{
        const char *path;

        assert_int_equal(tokens_publish(*state, A, A ".x", &path), 0);
        assert_text(ROOT "/public/" A, A ".x");
        assert_text(ROOT "/www/" A, A ".x");
        assert_int_equal(access(ROOT "/lease/" HOLDER "/" A, F_OK), 0);

        assert_int_equal(tokens_withdraw(*state, A), 0);
        assert_int_equal(access(ROOT "/public/" A, F_OK), -1);
        assert_int_equal(access(ROOT "/www/" A, F_OK), -1);
        assert_int_equal(access(ROOT "/lease/" HOLDER "/" A, F_OK), -1);
        assert_int_equal(tokens_withdraw(*state, A), 0);
}

static void test_tokens_publish__over_a_symlink(void **state)
{
        const char *path;

        assert_int_equal(symlink(ROOT "/victim", ROOT "/public/" A), 0);
        assert_int_equal(tokens_publish(*state, A, A ".x", &path), 0);
        assert_text(ROOT "/public/" A, A ".x");
        assert_int_equal(access(ROOT "/victim", F_OK), -1);
}

static void test_tokens_publish__where_one_directory_refuses(void **state)
{
        const char *path = NULL;

        /* A directory in the file's place stands for whatever cannot be written. */
        assert_int_equal(mkdir(ROOT "/www/" A, 0755), 0);
        assert_true(tokens_publish(*state, A, A ".x", &path) < 0);
        assert_string_equal(path, paths[1]);
        assert_int_equal(access(ROOT "/public/" A, F_OK), -1);
        assert_int_equal(rmdir(ROOT "/www/" A), 0);
}

static void test_tokens_withdraw_all__after_a_crash(void **state)
{
        Tokens *tokens = *state;
        const char *path;

        assert_int_equal(tokens_publish(tokens, A, A ".x", &path), 0);
        assert_int_equal(tokens_publish(tokens, B, B ".x", &path), 0);
        /* Killed between the mark and the file, and between the file and the mark's end. */
        assert_int_equal(unlink(ROOT "/public/" A), 0);
        /* Another certificate's, without a mark of ours. */
        assert_int_equal(file_create(AT_FDCWD, ROOT "/public/other", "x", 1, 0644), 0);
        assert_int_equal(file_create(AT_FDCWD, ROOT "/lease/" HOLDER "/noise", "", 0, 0644), 0);

        assert_int_equal(tokens_withdraw_all(tokens), 2);
        assert_int_equal(access(ROOT "/public/" B, F_OK), -1);
        assert_int_equal(access(ROOT "/www/" A, F_OK), -1);
        assert_int_equal(access(ROOT "/public/other", F_OK), 0);
        assert_int_equal(tokens_withdraw_all(tokens), 0);
}

static void test_tokens_open__without_marks(void **state _unused_)
{
        Tokens tokens;

        assert_int_equal(tokens_open(&tokens, ROOT "/nothing", paths, 2), -ENOENT);
}

/* [WebRoot] Directory= names what is not there: the room has to live to say so. */
static void test_tokens_publish__where_a_directory_is_missing(void **state)
{
        const char *const missing[] = {ROOT "/public", ROOT "/nowhere"};
        const char *path = NULL;
        Tokens tokens;

        tokens_close(*state);
        open_tokens(&tokens, missing);
        assert_int_equal(tokens_publish(&tokens, A, A ".x", &path), -ENOENT);
        assert_string_equal(path, missing[1]);
        assert_int_equal(access(ROOT "/public/" A, F_OK), -1);
        assert_int_equal(access(ROOT "/lease/" HOLDER "/" A, F_OK), -1);

        /* It was there once: what is in the other is removed all the same. */
        assert_int_equal(file_create(AT_FDCWD, ROOT "/lease/" HOLDER "/" A, "", 0, 0644), 0);
        assert_int_equal(file_create(AT_FDCWD, ROOT "/public/" A, "x", 1, 0644), 0);
        assert_int_equal(tokens_withdraw_all(&tokens), 1);
        assert_int_equal(access(ROOT "/public/" A, F_OK), -1);
        tokens_close(&tokens);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Of tls-alpn-01: who has a name keeps it, and may publish something else for it. */
static void test_tokens_publish__exclusive(void **state)
{
        static const char name[] = "a.example";
        Tokens *ours = *state, others;
        const char *path;

        tokens_set_alpn(ours);
        assert_int_equal(tokens_open(&others, ROOT "/lease", paths, 2), 0);
        tokens_set_alpn(&others);
        assert_int_equal(holder_begin(&others, "b"), 0);

        assert_int_equal(tokens_publish(ours, name, "first", &path), 0);
        assert_int_equal(tokens_publish(&others, name, "theirs", &path), -EBUSY);
        assert_file(ROOT "/public/a.example", "first", 0640);
        assert_int_equal(access(ROOT "/lease/b/a.example", F_OK), -1);
        assert_int_equal(tokens_publish(ours, name, "second", &path), 0);
        assert_file(ROOT "/public/a.example", "second", 0640);
        assert_int_equal(tokens_withdraw(ours, name), 0);
        assert_int_equal(tokens_publish(&others, name, "theirs", &path), 0);
        assert_int_equal(holder_end(&others, "b"), 1);
        assert_int_equal(access(ROOT "/public/a.example", F_OK), -1);
        tokens_close(&others);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        TEST(test_tokens_publish__into_every_directory),
                        TEST(test_tokens_publish__over_a_symlink),
                        TEST(test_tokens_publish__where_one_directory_refuses),
                        TEST(test_tokens_withdraw_all__after_a_crash),
                        TEST(test_tokens_open__without_marks),
                        TEST(test_tokens_publish__where_a_directory_is_missing),
                        TEST(test_tokens_publish__exclusive),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
