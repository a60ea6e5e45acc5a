/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-webroot DIRECTORY: the room that strangers talk to. PID 1 starts it with
 * the sockets, acme-webroot@.socket, and stops it before them. It cannot open a socket, not even to
 * the journal: what it has to say goes to standard error. */

#include <fcntl.h>
#include <systemd/sd-daemon.h>

#include "base/exit-status.h"
#include "base/log.h"
#include "webroot/webroot.h"

static int run(const char *directory)
{
        _cleanup_(webroot_freep) Webroot *webroot = NULL;
        _cleanup_close_ int directory_fd = -EBADF;
        int fds[WEBROOT_SOCKETS_MAX], n, r;

        n = sd_listen_fds(1);
        /* Others have all addresses: what has to be said of that is said by the firewall. */
        if (n == 0)
                return 0;
        if (n < 0 || n > (int) WEBROOT_SOCKETS_MAX) {
                log_error("acme-webroot serves at most %u sockets that systemd hands it, and has "
                          "%i: Sockets= of acme-webroot.service names them",
                          WEBROOT_SOCKETS_MAX,
                          MAX(n, 0));
                return -ENOTCONN;
        }
        for (int i = 0; i < n; i++) {
                fds[i] = SD_LISTEN_FDS_START + i;
                if (sd_is_socket(fds[i], AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
                        log_error("What acme-webroot was handed as a socket is none that listens");
                        return -ENOTCONN;
                }
        }
        directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory_fd < 0)
                return log_error_errno(-errno,
                                       "Failed to open the directory of tokens %s",
                                       directory);
        r = webroot_new(fds, (size_t) n, directory_fd, &webroot);
        if (r < 0)
                return log_error_errno(r, "Failed to set up the web root");
        r = webroot_serve(webroot);
        return log_error_errno(r, "The web root failed");
}

int main(int argc, char *argv[])
{
        log_open("acme-webroot");
        if (argc != 2) {
                log_error("Usage: acme-webroot DIRECTORY");
                return EXIT_CONFIGURATION;
        }
        return run(argv[1]) < 0 ? EXIT_BUG : EXIT_DONE;
}
