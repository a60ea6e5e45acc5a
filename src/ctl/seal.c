/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Started without a shell and without an environment; what is secret passes through files that have
 * no name. */

#include "ctl/seal.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"

#define SYSTEMD_CREDS "/usr/bin/systemd-creds"

static int spawn(const char *verb, const char *name, int input_fd, int output_fd, pid_t *ret)
{
        _cleanup_free_ char *option = NULL;
        char *environment[] = {NULL};
        posix_spawn_file_actions_t actions;
        int r;

        if (asprintf(&option, "--name=%s", name) < 0) {
                option = NULL;
                return -ENOMEM;
        }
        char *argv[] = {(char *) "systemd-creds",
                        (char *) verb,
                        option,
                        (char *) "-",
                        (char *) "-",
                        NULL};
        posix_spawn_file_actions_init(&actions);
        r = posix_spawn_file_actions_adddup2(&actions, input_fd, STDIN_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn(ret, SYSTEMD_CREDS, &actions, NULL, argv, environment);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

static int
run(const char *verb, const char *name, const char *text, size_t length, size_t max, char **ret)
{
        _cleanup_close_ int input_fd = memfd_create("input", MFD_CLOEXEC);
        _cleanup_close_ int output_fd = memfd_create("output", MFD_CLOEXEC);
        _cleanup_(erase_and_freep) char *output = NULL;
        int status, r;
        pid_t pid;

        if (input_fd < 0 || output_fd < 0)
                return -errno;
        r = file_write_fd(input_fd, text, length);
        if (r == 0 && lseek(input_fd, 0, SEEK_SET) < 0)
                r = -errno;
        if (r == 0)
                r = spawn(verb, name, input_fd, output_fd, &pid);
        if (r < 0)
                return r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (status != 0) {
                log_error(SYSTEMD_CREDS " %s has failed, and nothing was changed", verb);
                return -EIO;
        }
        if (lseek(output_fd, 0, SEEK_SET) < 0)
                return -errno;
        r = file_read_fd(output_fd, max, &output, &length);
        if (r == 0 && strlen(output) != length)
                r = -EBADMSG;
        if (r == 0)
                *ret = TAKE_PTR(output);
        return r;
}

int seal_close(const char *name, const char *text, size_t length, char **ret)
{
        return run("encrypt", name, text, length, SEAL_BYTES_MAX, ret);
}

int seal_open(const char *name, const char *sealed, size_t length, char **ret)
{
        return run("decrypt", name, sealed, length, SEAL_BYTES_MAX, ret);
}
