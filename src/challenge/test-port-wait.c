/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a firewall has said, and one that says it while somebody waits: a process of the test's own.
 */

#include <sys/wait.h>

#include "base/test.h"
#include "challenge/port-wait.h"

/* Nobody waits that long. */
#define FOREVER (60 * USEC_PER_SEC)

static void write_file(const TestDirectory *d, const char *text)
{
        assert_int_equal(file_replace_unsynced(d->fd, "webroot", text, strlen(text), 0644), 0);
}

static void test_port_wait__what_has_been_said(void **state)
{
        static const struct {
                const char *text;
                int result;
        } table[] = {
                        {"0.0.0.0:80 [::]:80\n", 0},
                        {"\n", 0},
                        {"", -ETIMEDOUT},
                        {"0.0.0.0:80 [::]:80", -ETIMEDOUT},
        };
        TestDirectory *d = *state;

        assert_int_equal(port_wait(d->path, "webroot", 0), -ETIMEDOUT);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                write_file(d, table[i].text);
                assert_row(table[i].text, port_wait(d->path, "webroot", 0) == table[i].result);
        }
        assert_int_equal(port_wait("/nowhere", "webroot", FOREVER), -ENOENT);
        /* Not through a link, which is not how PID 1 makes it. */
        assert_int_equal(symlinkat("webroot", d->fd, "alpn"), 0);
        assert_int_equal(port_wait(d->path, "alpn", FOREVER), -ELOOP);
}

/* As acme-firewall does it: PID 1 makes an empty file, then come the addresses, then the end. */
static void say_it(const TestDirectory *d)
{
        int fd = openat(d->fd, "webroot", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        /* So slowly that it is read in the middle, and grows while it is read. */
        for (size_t i = 0; fd >= 0 && i < 60000; i++)
                if (write(fd, i < 59999 ? " " : "\n", 1) != 1)
                        _exit(EXIT_FAILURE);
        _exit(fd >= 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void test_port_wait__until_it_is_said(void **state)
{
        static const char *const before[] = {NULL, "", "0.0.0.0:80"};
        TestDirectory *d = *state;

        for (size_t i = 0; i < ELEMENTSOF(before); i++) {
                pid_t pid;
                int status;

                (void) unlinkat(d->fd, "webroot", 0);
                if (before[i])
                        write_file(d, before[i]);
                pid = fork();
                assert_true(pid >= 0);
                if (pid == 0)
                        say_it(d);
                assert_int_equal(port_wait(d->path, "webroot", FOREVER), 0);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_int_equal(status, 0);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_port_wait__what_has_been_said),
                        cmocka_directory_test(test_port_wait__until_it_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
