/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The door: takes peers in, up to VARLINK_CONNECTIONS_MAX, and leaves the next ones in the kernel's
 * backlog. Who may knock is decided by the kernel, through the socket's place; nothing is decided
 * here by who the peer says, or seems, to be. */

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "varlink/varlink-internal.h"
#include "varlink/varlink-limits.h"

/* Errors of accept(2) that concern one peer, or nobody. */
static bool is_harmless(int error)
{
        return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

static int on_accept(sd_event_source *source, int fd, uint32_t revents _unused_, void *userdata)
{
        VarlinkServer *server = userdata;
        int peer_fd, r;

        peer_fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (peer_fd < 0) {
                /* The rate limit of the source bounds how often that is tried and said. */
                if (!is_harmless(errno))
                        log_warning_errno(-errno,
                                          "Failed to accept a connection to %s",
                                          server->interface->name);
                return 0;
        }
        r = connection_new(server, peer_fd);
        if (r < 0)
                log_warning_errno(r,
                                  "Failed to watch a connection to %s, closing it",
                                  server->interface->name);
        if (server->n_connections >= VARLINK_CONNECTIONS_MAX)
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

static int watch_listen_fd(VarlinkServer *server)
{
        int flags, r;

        /* A peer that has gone again between poll and accept must not hold the loop. */
        flags = fcntl(server->listen_fd, F_GETFL);
        if (flags < 0 || fcntl(server->listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        r = sd_event_add_io(server->event,
                            &server->accept_source,
                            server->listen_fd,
                            EPOLLIN,
                            on_accept,
                            server);
        if (r < 0)
                return r;
        return sd_event_source_set_ratelimit(server->accept_source,
                                             USEC_PER_SEC,
                                             VARLINK_ACCEPTS_PER_SEC);
}

int varlink_server_new(sd_event *event,
                       int listen_fd,
                       const VarlinkInterface *interface,
                       const VarlinkServerCallbacks *callbacks,
                       void *userdata,
                       VarlinkServer **ret)
{
        _cleanup_(varlink_server_freep) VarlinkServer *server = NULL;
        int r;

        server = malloc(sizeof(*server));
        if (!server) {
                close(listen_fd);
                return -ENOMEM;
        }
        *server = (VarlinkServer){
                        .event = sd_event_ref(event),
                        .listen_fd = listen_fd,
                        .interface = interface,
                        .callbacks = callbacks,
                        .userdata = userdata,
                        .frame_timeout_usec = VARLINK_FRAME_TIMEOUT_USEC,
        };
        r = watch_listen_fd(server);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(server);
        return 0;
}

void varlink_server_free(VarlinkServer *server)
{
        if (!server)
                return;
        while (server->connections)
                connection_free(server->connections);
        sd_event_source_disable_unref(server->accept_source);
        sd_event_unref(server->event);
        close(server->listen_fd);
        free(server);
}

void varlink_server_set_door(VarlinkServer *server, unsigned door)
{
        server->door = door;
}

void varlink_server_set_frame_timeout(VarlinkServer *server, usec_t timeout_usec)
{
        server->frame_timeout_usec = timeout_usec;
}

size_t varlink_server_connections(const VarlinkServer *server)
{
        return server->n_connections;
}

int varlink_listen_fds(int n)
{
        int found = sd_listen_fds(1);

        if (found < 0)
                return found;
        if (found != n)
                return -ENOTCONN;
        for (int i = 0; i < n; i++)
                if (sd_is_socket(SD_LISTEN_FDS_START + i, AF_UNIX, SOCK_STREAM, 1) <= 0)
                        return -ENOTCONN;
        return SD_LISTEN_FDS_START;
}
