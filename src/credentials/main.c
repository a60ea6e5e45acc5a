/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-credentials: hands certificates and keys to PID 1, for units with LoadCredential=.
 *
 * One process serves all who come, and ends when nobody has come for a while. A connection that is
 * not accepted yet is still PID 1's: when this process cannot be started or dies, the next one
 * serves it, and when that goes on PID 1 gives the socket up and resets the connection, so that the
 * start behind it fails. (With Accept=yes the connection would be closed in silence, which is an
 * empty credential.)
 *
 * SIGTERM is taken between connections only, for the same reason. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include "base/exit-status.h"
#include "base/log.h"
#include "credentials/credentials.h"

/* A unit's credentials are fetched one after the other within milliseconds; so long the first one's
 * generation is remembered for the rest. */
#define LINGER_SEC 2

static volatile sig_atomic_t is_told_to_stop;

static void on_signal(int number)
{
        (void) number;
        is_told_to_stop = 1;
}

/* Return: 0, *ret_during is the mask to wait with; -errno. */
static int hold_signals(sigset_t *ret_during)
{
        const struct sigaction action = {.sa_handler = on_signal};
        sigset_t held;

        sigemptyset(&held);
        sigaddset(&held, SIGTERM);
        sigaddset(&held, SIGINT);
        if (sigprocmask(SIG_BLOCK, &held, ret_during) < 0 ||
            sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0)
                return -errno;
        sigdelset(ret_during, SIGTERM);
        sigdelset(ret_during, SIGINT);
        return 0;
}

/* Return: 1 somebody has come; 0 nobody has for a while, or we are to stop; -errno. */
static int wait_for_peer(int listen_fd, const sigset_t *during)
{
        const struct timespec linger = {.tv_sec = LINGER_SEC};
        struct pollfd p = {.fd = listen_fd, .events = POLLIN};
        int r;

        r = ppoll(&p, 1, &linger, during);
        if (r < 0 && errno == EINTR)
                return !is_told_to_stop;
        return r < 0 ? -errno : r;
}

/* Return: 0, -errno. */
static int serve_all(int listen_fd, const sigset_t *during)
{
        Credentials room = {.root = ""};
        int r;

        /* A connection may have gone between the two calls below. */
        if (fcntl(listen_fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        while ((r = wait_for_peer(listen_fd, during)) > 0) {
                _cleanup_close_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

                if (fd >= 0)
                        credentials_serve(&room, fd);
                else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
                        r = -errno;
                        break;
                }
        }
        starts_done(&room.starts);
        return r;
}

int main(int argc, char *argv[])
{
        sigset_t during;
        int r;

        (void) argv;
        log_open("acme-credentials");
        if (argc != 1 || sd_listen_fds(true) != 1 ||
            sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, NULL, 0) <= 0) {
                log_error("acme-credentials serves a socket that systemd hands it; it is started "
                          "by acme-credentials.socket");
                return EXIT_BUG;
        }
        r = hold_signals(&during);
        if (r >= 0)
                r = serve_all(SD_LISTEN_FDS_START, &during);
        if (r < 0) {
                log_error_errno(r, "Failed to serve /run/acme/credentials");
                return EXIT_BUG;
        }
        return EXIT_DONE;
}
