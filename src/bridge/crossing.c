/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A process for each connection: it ends when its connection does, whatever it hangs in, and PID 1
 * ends those that are left. Nothing is read here. */

#include "bridge/crossing.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/exit-status.h"
#include "base/log.h"

/* A renewal has two connections, a challenge room that is started again a third. */
#define CROSSINGS_MAX 8U

typedef struct Doors {
        struct pollfd listening[DOOR_WORDS_MAX];
        DoorWord words[DOOR_WORDS_MAX];
        unsigned n, n_children;
} Doors;

static volatile sig_atomic_t is_told_to_stop;

static void on_signal(int number)
{
        if (number != SIGCHLD)
                is_told_to_stop = 1;
}

/* They come while we wait, and at no other time. Return: 0, *ret_during is the mask to wait with;
 * -errno. */
static int hold_signals(sigset_t *ret_during)
{
        static const int numbers[] = {SIGTERM, SIGINT, SIGCHLD};
        const struct sigaction action = {.sa_handler = on_signal};
        sigset_t held;

        sigemptyset(&held);
        FOREACH_ARRAY (number, numbers, ELEMENTSOF(numbers))
                sigaddset(&held, *number);
        if (sigprocmask(SIG_BLOCK, &held, ret_during) < 0)
                return -errno;
        FOREACH_ARRAY (number, numbers, ELEMENTSOF(numbers)) {
                sigdelset(ret_during, *number);
                if (sigaction(*number, &action, NULL) < 0)
                        return -errno;
        }
        return 0;
}

static int take_doors(const Crossing *crossing, Doors *doors)
{
        int n = sd_listen_fds(true);

        if (n <= 0 || n > (int) DOOR_WORDS_MAX)
                return n < 0 ? n : -ENOTCONN;
        doors->n = (unsigned) n;
        for (unsigned i = 0; i < doors->n; i++) {
                int fd = SD_LISTEN_FDS_START + (int) i, r;

                r = door_word_of_socket(fd, crossing->name, &doors->words[i]);
                if (r < 0)
                        return r;
                /* Who was there may have gone when it comes to accepting. */
                if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
                        return -errno;
                doors->listening[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        }
        return 0;
}

static void reap(const Crossing *crossing, Doors *doors)
{
        int status;

        while (waitpid(-1, &status, WNOHANG) > 0) {
                doors->n_children--;
                if (status == 0)
                        continue;
                if (WIFEXITED(status))
                        log_error("A connection of %s to its signer has failed with exit status %i",
                                  crossing->name,
                                  WEXITSTATUS(status));
                else
                        log_error("A connection of %s to its signer was killed by signal %i",
                                  crossing->name,
                                  WTERMSIG(status));
        }
}

static _Noreturn void cross(const Crossing *crossing, int fd, const DoorWord *door)
{
        static const int numbers[] = {SIGTERM, SIGINT, SIGCHLD};
        sigset_t none;

        FOREACH_ARRAY (number, numbers, ELEMENTSOF(numbers))
                (void) signal(*number, SIG_DFL);
        sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        _exit(crossing->cross(crossing, fd, door));
}

static int begin(const Crossing *crossing, Doors *doors, unsigned i)
{
        _cleanup_close_ int fd = accept4(doors->listening[i].fd, NULL, NULL, SOCK_CLOEXEC);
        pid_t pid;

        if (fd < 0)
                return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -errno;
        pid = fork();
        if (pid == 0)
                cross(crossing, fd, &doors->words[i]);
        /* Nothing is lost: who has come is turned away, and comes again. */
        if (pid < 0)
                log_error_errno(-errno, "Failed to serve a connection of %s", crossing->name);
        else
                doors->n_children++;
        return 0;
}

/* Return: 1, there is something to do; 0, nobody is there any more; -errno. */
static int wait_for_somebody(const Crossing *crossing, Doors *doors, const sigset_t *during)
{
        const struct timespec linger = {.tv_sec = crossing->linger_seconds};
        bool is_idle = doors->n_children == 0 && crossing->linger_seconds >= 0;
        nfds_t n = doors->n_children < CROSSINGS_MAX ? doors->n : 0;
        int r;

        FOREACH_ARRAY (p, doors->listening, doors->n)
                p->revents = 0;
        r = ppoll(doors->listening, n, is_idle ? &linger : NULL, during);
        if (r < 0)
                return errno == EINTR ? 1 : -errno;
        return r > 0 || !is_idle;
}

int crossing_run(const Crossing *crossing)
{
        Doors doors = {};
        sigset_t during;
        int r;

        r = take_doors(crossing, &doors);
        if (r == 0)
                r = hold_signals(&during);
        while (r >= 0 && !is_told_to_stop) {
                r = wait_for_somebody(crossing, &doors, &during);
                if (r <= 0)
                        break;
                for (unsigned i = 0; i < doors.n && r >= 0; i++)
                        if (doors.listening[i].revents && doors.n_children < CROSSINGS_MAX)
                                r = begin(crossing, &doors, i);
                reap(crossing, &doors);
        }
        return r < 0 ? r : 0;
}
