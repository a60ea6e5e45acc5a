/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-alpn DIRECTORY: the room that strangers talk to who come for tls-alpn-01. PID 1 starts it
 * with the sockets, acme-alpn@.socket, and stops it before them. It cannot open a socket, not even
 * to the journal: what it has to say goes to standard error. */

#include <fcntl.h>
#include <systemd/sd-daemon.h>

#include "alpn/responder.h"
#include "base/exit-status.h"
#include "base/log.h"

static void event_unrefp(sd_event **event)
{
        sd_event_unref(*event);
}

/* Return: how many, 0 when others have all addresses; -ENOTCONN. */
static int take_sockets(int fds[static RESPONDER_SOCKETS_MAX])
{
        int n = sd_listen_fds(1);

        if (n < 0 || n > (int) RESPONDER_SOCKETS_MAX)
                return log_error_errno(
                                -ENOTCONN,
                                "acme-alpn serves at most %u sockets that systemd hands it, and "
                                "has %i: Sockets= of acme-alpn.service names them",
                                RESPONDER_SOCKETS_MAX,
                                MAX(n, 0));
        for (int i = 0; i < n; i++) {
                fds[i] = SD_LISTEN_FDS_START + i;
                if (sd_is_socket(fds[i], AF_UNSPEC, SOCK_STREAM, 1) <= 0)
                        return log_error_errno(
                                        -ENOTCONN,
                                        "A socket that acme-alpn was handed does not listen");
        }
        return n;
}

static int run(const char *directory)
{
        _cleanup_(event_unrefp) sd_event *event = NULL;
        _cleanup_(responder_freep) Responder *responder = NULL;
        _cleanup_close_ int directory_fd = -EBADF;
        int fds[RESPONDER_SOCKETS_MAX], n, r;

        n = take_sockets(fds);
        if (n <= 0)
                return n;
        directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory_fd < 0)
                return log_error_errno(-errno, "Failed to open the directory %s", directory);
        r = sd_event_new(&event);
        if (r >= 0)
                r = responder_new(event, fds, (size_t) n, directory_fd, &responder);
        if (r >= 0)
                r = sd_event_loop(event);
        return r < 0 ? log_error_errno(r, "The responder of tls-alpn-01 failed") : 0;
}

int main(int argc, char *argv[])
{
        log_open("acme-alpn");
        if (argc != 2) {
                log_error("Usage: acme-alpn DIRECTORY");
                return EXIT_CONFIGURATION;
        }
        return run(argv[1]) < 0 ? EXIT_BUG : EXIT_DONE;
}
