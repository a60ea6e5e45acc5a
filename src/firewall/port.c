/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PID 1 binds the addresses, each as a unit of its own, and hands over what it has got: that is the
 * one answer to what is listened on. */

#include "firewall/port.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "config/listen-address.h"

/* All addresses, with a blank between them. */
#define LISTEN_BYTES_MAX (CONFIG_LISTEN_MAX * LISTEN_ADDRESS_MAX + sizeof("\n"))

/* By is_alpn. */
static const struct {
        const char *file; /* as the unit's StandardOutput= names it */
        const char *sockets;
        const char *consequence; /* of one that others have */
} ports[] = {
                [false] = {"/run/acme/port/webroot",
                           "acme-webroot@*.socket",
                           "The web server there has to serve the tokens"},
                [true] = {"/run/acme/port/alpn",
                          "acme-alpn@*.socket",
                          "No challenge of type tls-alpn-01 can be answered there, unless it is "
                          "handed on"},
};

void port_done(Port *port)
{
        free(port->listen);
        free(port->foreign);
}

static bool is_handed_over(const ListenAddress *address, int n_fds)
{
        for (int i = 0; i < n_fds; i++) {
                ListenAddress own = {};
                socklen_t size = sizeof(own);

                if (getsockname(SD_LISTEN_FDS_START + i, &own.sa, &size) == 0 &&
                    (own.sa.sa_family == AF_INET || own.sa.sa_family == AF_INET6) &&
                    listen_address_equal(&own, address))
                        return true;
        }
        return false;
}

int port_find(char *const *words, Port *ret)
{
        _cleanup_strv_free_ char **bound = NULL, **foreign = NULL;
        int n_fds, r = 0;

        *ret = (Port){};
        n_fds = sd_listen_fds(1);
        if (n_fds < 0)
                return n_fds;
        for (size_t i = 0; words[i]; i++) {
                ListenAddress pair[LISTEN_ADDRESSES_PER_WORD];
                const char *reason;

                if (i == CONFIG_LISTEN_MAX || listen_address_parse(words[i], pair, &reason) != 1)
                        return -EINVAL;
                if (!is_handed_over(&pair[0], n_fds))
                        r = strv_append(&foreign, words[i]);
                else {
                        ret->bound[ret->n_bound++] = pair[0];
                        r = strv_append(&bound, words[i]);
                }
                if (r < 0)
                        return r;
        }
        r = strv_join(bound, " ", &ret->listen);
        return r < 0 ? r : strv_join(foreign, " ", &ret->foreign);
}

static int audit_foreign(const Port *port, bool is_alpn)
{
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message,
                     "Cannot listen on %s: another program does, or it is no address of this "
                     "machine (see journalctl -u \"%s\"). %s",
                     port->foreign,
                     ports[is_alpn].sockets,
                     ports[is_alpn].consequence) < 0) {
                message = NULL;
                return -ENOMEM;
        }
        audit(AUDIT_PORT_FOREIGN, message, {AUDIT_ADDRESS, port->foreign});
        return 0;
}

int port_report(const Port *port, bool is_alpn)
{
        char message[LISTEN_BYTES_MAX + sizeof("Listening on ")];

        int r;

        /* Who closes shall know of it whatever happens here; the challenge rooms wait until the
         * line has ended. */
        r = file_write_fd(STDOUT_FILENO, port->listen, strlen(port->listen));
        if (r < 0)
                return r;
        if (*port->listen) {
                (void) snprintf(message, sizeof(message), "Listening on %s", port->listen);
                audit(AUDIT_PORT_OPENED, message, {AUDIT_ADDRESS, port->listen});
        }
        r = *port->foreign ? audit_foreign(port, is_alpn) : 0;
        return r < 0 ? r : file_write_fd(STDOUT_FILENO, "\n", 1);
}

int port_report_closed(bool is_alpn)
{
        char message[LISTEN_BYTES_MAX + sizeof("The last lease has ended: closed ")];
        const char *path = ports[is_alpn].file;
        _cleanup_free_ char *listen = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = file_read(AT_FDCWD, path, LISTEN_BYTES_MAX, 0, &listen, NULL);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        listen[strcspn(listen, "\n")] = '\0';
        if (*listen) {
                (void) snprintf(message,
                                sizeof(message),
                                "The last lease has ended: closed %s",
                                listen);
                audit(AUDIT_PORT_CLOSED, message, {AUDIT_ADDRESS, listen});
        }
        /* Last, so that who is started again after a crash says it, rather than nobody. */
        fd = open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : 0;
}
