/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Holders that live, and holders that were killed: processes of the test's own. */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "challenge/holder.h"
#include "challenge/stateless.h"

#define ROOT "/tmp/acme-test-holder"
#define LEASE ROOT "/lease"
#define PUBLIC ROOT "/public"
#define A "DGyRejmCefe7v4NfDGDKfA"
#define B "EGyRejmCefe7v4NfDGDKfA"

static const char *const paths[] = {PUBLIC};

static void remove_root(void)
{
        _cleanup_close_ int tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_int_equal(file_remove_tree(tmp_fd, "acme-test-holder"), 0);
}

static int setup(void **state)
{
        static Tokens tokens;

        remove_root();
        assert_int_equal(mkdir(ROOT, 0700), 0);
        assert_int_equal(mkdir(LEASE, 0700), 0);
        assert_int_equal(mkdir(PUBLIC, 0755), 0);
        assert_int_equal(tokens_open(&tokens, LEASE, paths, 1), 0);
        *state = &tokens;
        return 0;
}

static int teardown(void **state)
{
        tokens_close(*state);
        remove_root();
        return 0;
}

static bool is_there(const char *path)
{
        return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A process that has something public, and waits to be killed. */
static pid_t hold(const char *name, const char *token)
{
        int fds[2];
        pid_t pid;
        char c;

        assert_int_equal(pipe(fds), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                const char *path;
                Tokens tokens;

                if (tokens_open(&tokens, LEASE, paths, 1) < 0 || holder_begin(&tokens, name) < 0 ||
                    tokens_publish(&tokens, token, "x", &path) < 0 ||
                    stateless_publish(tokens.fds[0], name, "thumbprint") < 0 ||
                    write(fds[1], "x", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(fds[1]);
        assert_int_equal(read(fds[0], &c, 1), 1);
        close(fds[0]);
        return pid;
}

static void sigkill(pid_t pid)
{
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_holder_end__nothing_is_left(void **state)
{
        Tokens *tokens = *state;
        const char *path;

        assert_int_equal(holder_begin(tokens, "a"), 0);
        assert_int_equal(tokens_publish(tokens, A, "x", &path), 0);
        assert_int_equal(tokens_publish(tokens, B, "x", &path), 0);
        assert_int_equal(tokens_withdraw(tokens, A), 0);
        assert_int_equal(holder_end(tokens, "a"), 1);
        assert_false(is_there(LEASE "/a"));
        assert_false(is_there(PUBLIC "/" B));
}

static void test_holder_remove_dead__the_living_stay(void **state)
{
        Tokens *tokens = *state;
        pid_t a = hold("a", A), b = hold("b", B);

        assert_int_equal(holder_remove_dead(tokens), 0);
        assert_true(is_there(PUBLIC "/" A) && is_there(PUBLIC "/" B));
        sigkill(a);
        assert_int_equal(holder_remove_dead(tokens), 1);
        assert_false(is_there(PUBLIC "/" A) || is_there(LEASE "/a"));
        assert_false(is_there(PUBLIC "/" STATELESS_FILE ".a"));
        assert_true(is_there(PUBLIC "/" B) && is_there(LEASE "/b/" B));
        assert_true(is_there(PUBLIC "/" STATELESS_FILE));
        sigkill(b);
        assert_int_equal(holder_remove_dead(tokens), 1);
        assert_false(is_there(PUBLIC "/" STATELESS_FILE));
        assert_int_equal(rmdir(LEASE), 0);
        assert_int_equal(rmdir(PUBLIC), 0);
}

static void test_holder_begin__after_one_that_was_killed(void **state)
{
        Tokens *tokens = *state;

        sigkill(hold("a", A));
        sigkill(hold("b", B));
        assert_int_equal(holder_begin(tokens, "a"), 0);
        assert_true(is_there(LEASE "/a"));
        assert_false(is_there(LEASE "/b") || is_there(PUBLIC "/" A) || is_there(PUBLIC "/" B));
        assert_int_equal(holder_end(tokens, "a"), 0);
}

/* Whoever cleans up may come between the making of a directory and its lock. */
static void test_holder_begin__while_others_clean_up(void **state)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
                for (;;)
                        (void) holder_remove_dead(*state);
        for (unsigned i = 0; i < 2000; i++) {
                _cleanup_(tokens_close) Tokens tokens = TOKENS_CLOSED;
                struct stat st, named;

                assert_int_equal(tokens_open(&tokens, LEASE, paths, 1), 0);
                assert_int_equal(holder_begin(&tokens, "a"), 0);
                assert_int_equal(fstat(tokens.mark_fd, &st), 0);
                assert_int_equal(stat(LEASE "/a", &named), 0);
                assert_true(st.st_ino == named.st_ino);
                assert_int_equal(holder_end(&tokens, "a"), 0);
        }
        sigkill(pid);
}

static void test_holder_remove_dead__foreign_things_stay(void **state)
{
        Tokens *tokens = *state;

        assert_int_equal(symlink("/etc", LEASE "/a"), 0);
        assert_int_equal(mkdir(LEASE "/UPPER", 0700), 0);
        assert_int_equal(mkdir(LEASE "/b", 0700), 0);
        assert_int_equal(file_create(AT_FDCWD, LEASE "/b/noise", "", 0, 0644), 0);
        assert_true(holder_remove_dead(tokens) < 0);
        assert_true(is_there(LEASE "/a") && is_there(LEASE "/UPPER") && is_there(LEASE "/b/noise"));
        assert_int_equal(holder_begin(tokens, "c"), 0);
        assert_int_equal(holder_end(tokens, "c"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        TEST(test_holder_end__nothing_is_left),
                        TEST(test_holder_remove_dead__the_living_stay),
                        TEST(test_holder_begin__after_one_that_was_killed),
                        TEST(test_holder_begin__while_others_clean_up),
                        TEST(test_holder_remove_dead__foreign_things_stay),
        };

        log_open("test-holder");
        log_set_target(LOG_TARGET_STDERR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
