/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs one command and says how long it took, as one line of JSON.
 *
 *     stopwatch LOG [--until FILE] -- COMMAND [ARGUMENT...]
 *
 * The clock starts before the command is spawned and stops when it has ended; with --until, when it
 * has ended well and FILE exists (for a server that works in the background). What the command
 * prints goes to LOG. Runs inside the machine, so that entering its namespaces is not measured.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define NSEC_PER_SEC INT64_C(1000000000)
/* How often FILE is looked for: what a result may be wrong by. */
#define LOOK_NSEC 500000
/* The slowest client needs two minutes for a hundred names over a slow line. */
#define UNTIL_MAX_NSEC (300 * NSEC_PER_SEC)

static void die(const char *what)
{
        fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

static int64_t now(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static bool wait_for(const char *path, int64_t deadline)
{
        const struct timespec pause = {.tv_nsec = LOOK_NSEC};

        while (access(path, F_OK) < 0) {
                if (now() > deadline)
                        return false;
                nanosleep(&pause, NULL);
        }
        return true;
}

static pid_t spawn(const char *log, char **argv)
{
        posix_spawn_file_actions_t actions;
        pid_t pid;

        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
        errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
        if (errno != 0)
                die(argv[0]);
        posix_spawn_file_actions_destroy(&actions);
        return pid;
}

int main(int argc, char **argv)
{
        const char *log, *until = NULL;
        int64_t begin, end;
        int i = 2, status;
        pid_t pid;

        if (argc > 4 && strcmp(argv[2], "--until") == 0) {
                until = argv[3];
                i = 4;
        }
        if (argc < i + 2 || strcmp(argv[i], "--") != 0) {
                fputs("usage: stopwatch LOG [--until FILE] -- COMMAND [ARGUMENT...]\n", stderr);
                return EXIT_FAILURE;
        }
        log = argv[1];

        begin = now();
        pid = spawn(log, argv + i + 1);
        if (waitpid(pid, &status, 0) < 0)
                die("waitpid");
        status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (status == 0 && until && !wait_for(until, begin + UNTIL_MAX_NSEC))
                status = ETIMEDOUT;
        end = now();

        printf("{\"begin\": %" PRId64 ", \"end\": %" PRId64 ", \"status\": %d}\n",
               begin,
               end,
               status);
        return EXIT_SUCCESS;
}
