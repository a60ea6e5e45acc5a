/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What goes in at one side comes out at the other, all of it, in both directions and with its ends.
 */

#include "bridge/pump.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"

/* More than all buffers on the way have room for. */
#define BYTES (4U * 1024U * 1024U)

enum {
        NEAR,
        FAR,
};

/* A pump in a process of its own: near is where a client is, far where a service is. */
typedef struct Pumped {
        int near, far;
        pid_t pid;
} Pumped;

static Pumped start(void)
{
        int client[2], service[2];
        Pumped pumped;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, service), 0);
        pumped = (Pumped){client[0], service[0], fork()};
        assert_true(pumped.pid >= 0);
        if (pumped.pid == 0) {
                (void) signal(SIGPIPE, SIG_IGN);
                close(client[0]);
                close(service[0]);
                _exit(pump(client[1], client[1], service[1]) < 0);
        }
        close(client[1]);
        close(service[1]);
        return pumped;
}

static int finish(Pumped *pumped)
{
        int status;

        assert_int_equal(waitpid(pumped->pid, &status, 0), pumped->pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static char byte_at(size_t i)
{
        return (char) (i * 31 + i / 65536);
}

/* In a process of its own, since nobody may read yet. */
static pid_t send_all(int fd)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                static char data[BYTES];
                size_t done = 0;

                for (size_t i = 0; i < BYTES; i++)
                        data[i] = byte_at(i);
                while (done < BYTES) {
                        ssize_t n = write(fd, data + done, BYTES - done);

                        if (n <= 0)
                                _exit(1);
                        done += (size_t) n;
                }
                shutdown(fd, SHUT_WR);
                _exit(0);
        }
        return pid;
}

static void expect_all(int fd)
{
        static char buffer[65536];
        size_t done = 0;
        ssize_t n;

        while ((n = read(fd, buffer, sizeof(buffer))) > 0)
                for (ssize_t i = 0; i < n; i++, done++)
                        if (buffer[i] != byte_at(done))
                                fail_msg("byte %zu is another one", done);
        assert_int_equal(n, 0);
        assert_int_equal(done, BYTES);
}

static void test_pump__all_of_it_both_ways(void **state)
{
        Pumped pumped = start();
        pid_t there = send_all(pumped.near), back;
        int status;

        (void) state;
        expect_all(pumped.far);
        /* The end of one direction has been passed on; the other one goes on. */
        back = send_all(pumped.far);
        expect_all(pumped.near);
        assert_int_equal(finish(&pumped), 0);
        assert_int_equal(waitpid(there, &status, 0), there);
        assert_int_equal(waitpid(back, &status, 0), back);
        close(pumped.near);
        close(pumped.far);
}

static void test_pump__who_goes_takes_it_along(void **state)
{
        static const int sides[] = {NEAR, FAR};

        (void) state;
        FOREACH_ARRAY (side, sides, ELEMENTSOF(sides)) {
                Pumped pumped = start();
                char byte;

                assert_int_equal(write(pumped.near, "?", 1), 1);
                assert_int_equal(read(pumped.far, &byte, 1), 1);
                close(*side == NEAR ? pumped.near : pumped.far);
                if (*side == NEAR) {
                        assert_int_equal(read(pumped.far, &byte, 1), 0);
                        close(pumped.far);
                } else {
                        assert_int_equal(read(pumped.near, &byte, 1), 0);
                        close(pumped.near);
                }
                assert_int_equal(finish(&pumped), 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_pump__all_of_it_both_ways),
                        cmocka_unit_test(test_pump__who_goes_takes_it_along),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
