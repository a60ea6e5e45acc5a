/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/socket.h>
#include <sys/wait.h>

#include "base/test.h"
#include "credentials/answer.h"

/* Reads as systemd does, up to max bytes, in a process of its own. */
static pid_t read_elsewhere(int fd, int other_fd, size_t max, int result_fd)
{
        pid_t pid = fork();
        char buffer[8192];
        size_t n = 0;
        ssize_t r;

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        close(other_fd);
        while (n < max && (r = read(fd, buffer, MIN(sizeof(buffer), max - n))) > 0)
                n += (size_t) r;
        _exit(write(result_fd, &n, sizeof(n)) == sizeof(n) ? 0 : 1);
}

/* What came out at the other end. */
static size_t receive(int (*answer)(int fd), size_t max)
{
        int pair[2], result[2], status;
        size_t n;
        pid_t pid;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        assert_int_equal(pipe(result), 0);
        pid = read_elsewhere(pair[1], pair[0], max, result[1]);
        close(pair[1]);
        assert_int_equal(answer(pair[0]), 0);
        close(pair[0]);
        assert_int_equal(read(result[0], &n, sizeof(n)), sizeof(n));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        close(result[0]);
        close(result[1]);
        return n;
}

static void test_answer_refuse__is_too_much(void **state)
{
        (void) state;
        assert_true(receive(answer_refuse, SIZE_MAX) > 1024 * 1024);
}

/* systemd stops reading when it has seen that it is too much. */
static void test_answer_refuse__peer_goes(void **state)
{
        (void) state;
        assert_int_equal(receive(answer_refuse, 4096), 4096);
}

static int send_text(int fd)
{
        return answer_send(fd, "text", 4);
}

static void test_answer_send__whole(void **state)
{
        (void) state;
        assert_int_equal(receive(send_text, SIZE_MAX), 4);
}

static void test_answer_send__peer_is_gone(void **state)
{
        int pair[2];

        (void) state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        close(pair[1]);
        assert_int_equal(answer_send(pair[0], "text", 4), -EPIPE);
        assert_int_equal(answer_refuse(pair[0]), 0);
        close(pair[0]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_answer_refuse__is_too_much),
                        cmocka_unit_test(test_answer_refuse__peer_goes),
                        cmocka_unit_test(test_answer_send__whole),
                        cmocka_unit_test(test_answer_send__peer_is_gone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
