/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libmicrohttpd speaks HTTP; who may come in, and for how long, is decided here. It trusts nobody:
 * every peer has a deadline from its arrival on that no activity prolongs, a small fixed memory for
 * its request, and no way to keep others out by staying. */

#include <fcntl.h>
#include <limits.h>
#include <microhttpd.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/time-util.h"
#include "visitors/visitors.h"
#include "webroot/reply.h"
#include "webroot/webroot.h"

/* Request line, headers and our reply's headers of one connection. A validator sends a few hundred
 * bytes; more gets 431 or 414. */
#define CONNECTION_MEMORY_BYTES 4096U

/* Room for a thousand who only sit there, and for all validators beside them; LimitNOFILE= of the
 * unit is above it. */
#define VISITORS_MAX 2048U

/* Connections taken from one socket before the others, and the ones inside, have their turn. */
#define ACCEPTS_AT_ONCE 64U

/* After accept() failed for want of descriptors or memory, look again this much later. */
#define ACCEPT_RETRY_USEC (50 * USEC_PER_MSEC)

struct Webroot {
        struct MHD_Daemon *daemon;
        int epoll_fd;
        int fds[WEBROOT_SOCKETS_MAX];
        size_t n_fds;
        bool is_exhausted; /* accept() failed for want of something: the sockets are not watched */
        Visitors visitors;
        Replies replies;
};

/* Hands on the request target as it came, to be the request's context. */
static void *
on_target(void *userdata _unused_, const char *target, struct MHD_Connection *connection _unused_)
{
        return strdup(target);
}

static void on_completed(void *userdata _unused_,
                         struct MHD_Connection *connection _unused_,
                         void **context,
                         enum MHD_RequestTerminationCode code _unused_)
{
        free(TAKE_PTR(*context));
}

/* Percent signs are no part of a token: nothing is decoded. */
static size_t
on_unescape(void *userdata _unused_, struct MHD_Connection *connection _unused_, char *text)
{
        return strlen(text);
}

static void on_connection(void *userdata,
                          struct MHD_Connection *connection,
                          void **context,
                          enum MHD_ConnectionNotificationCode code)
{
        Webroot *webroot = userdata;
        const union MHD_ConnectionInfo *info;

        if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
                visitors_remove(&webroot->visitors, TAKE_PTR(*context));
                return;
        }
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (!info)
                return;
        *context = visitors_add(&webroot->visitors, info->connect_fd, now_monotonic());
        if (!*context)
                (void) shutdown(info->connect_fd, SHUT_RDWR);
}

static enum MHD_Result on_request(void *userdata,
                                  struct MHD_Connection *connection,
                                  const char *url _unused_,
                                  const char *method,
                                  const char *version _unused_,
                                  const char *body _unused_,
                                  size_t *body_length _unused_,
                                  void **context)
{
        Webroot *webroot = userdata;

        if (!*context)
                return MHD_NO;
        return reply_to_request(&webroot->replies, connection, *context, method);
}

static int start_daemon(Webroot *webroot)
{
        webroot->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET,
                                           0,
                                           NULL,
                                           NULL,
                                           on_request,
                                           webroot,
                                           MHD_OPTION_URI_LOG_CALLBACK,
                                           on_target,
                                           webroot,
                                           MHD_OPTION_UNESCAPE_CALLBACK,
                                           on_unescape,
                                           webroot,
                                           MHD_OPTION_NOTIFY_COMPLETED,
                                           on_completed,
                                           webroot,
                                           MHD_OPTION_NOTIFY_CONNECTION,
                                           on_connection,
                                           webroot,
                                           MHD_OPTION_CONNECTION_LIMIT,
                                           VISITORS_MAX + ACCEPTS_AT_ONCE,
                                           MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                           (size_t) CONNECTION_MEMORY_BYTES,
                                           MHD_OPTION_STRICT_FOR_CLIENT,
                                           1,
                                           MHD_OPTION_END);
        return webroot->daemon ? 0 : -ENOMEM;
}

static int watch(Webroot *webroot, int fd, uint64_t tag)
{
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};

        return epoll_ctl(webroot->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int watch_all(Webroot *webroot)
{
        const union MHD_DaemonInfo *info;
        int r;

        webroot->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (webroot->epoll_fd < 0)
                return -errno;
        info = MHD_get_daemon_info(webroot->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (!info)
                return -EOPNOTSUPP;
        r = watch(webroot, info->epoll_fd, WEBROOT_SOCKETS_MAX);
        for (size_t i = 0; r >= 0 && i < webroot->n_fds; i++) {
                int flags = fcntl(webroot->fds[i], F_GETFL);

                /* A peer that has gone again between epoll and accept must not hold the rest. */
                if (flags < 0 || fcntl(webroot->fds[i], F_SETFL, flags | O_NONBLOCK) < 0)
                        return -errno;
                r = watch(webroot, webroot->fds[i], i);
        }
        return r;
}

int webroot_new(const int *fds, size_t n, int directory_fd, Webroot **ret)
{
        _cleanup_(webroot_freep) Webroot *webroot = NULL;
        int r;

        assert(n <= WEBROOT_SOCKETS_MAX);
        webroot = malloc(sizeof(*webroot));
        if (!webroot)
                return -ENOMEM;
        *webroot = (Webroot){.epoll_fd = -EBADF, .n_fds = n};
        memcpy(webroot->fds, fds, n * sizeof(*fds));

        r = replies_init(&webroot->replies, directory_fd);
        if (r >= 0)
                r = start_daemon(webroot);
        if (r >= 0)
                r = watch_all(webroot);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(webroot);
        return 0;
}

void webroot_free(Webroot *webroot)
{
        if (!webroot)
                return;
        if (webroot->daemon)
                MHD_stop_daemon(webroot->daemon);
        replies_done(&webroot->replies);
        closep(&webroot->epoll_fd);
        free(webroot);
}

/* Return: whether accept() failed for want of something that will be there again. */
static bool accept_some(Webroot *webroot, int listen_fd)
{
        for (unsigned i = 0; i < ACCEPTS_AT_ONCE; i++) {
                struct sockaddr_storage address;
                socklen_t length = sizeof(address);
                int fd;

                fd = accept4(listen_fd,
                             (struct sockaddr *) &address,
                             &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (fd < 0)
                        return errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                               errno == ENOMEM;
                if (webroot->visitors.n >= VISITORS_MAX) {
                        (void) visitors_expire(&webroot->visitors, true, now_monotonic());
                        (void) MHD_run(webroot->daemon);
                }
                /* It closes fd by itself when it fails. */
                (void) MHD_add_connection(webroot->daemon,
                                          fd,
                                          (struct sockaddr *) &address,
                                          length);
        }
        return false;
}

/* Somebody who waits at a socket and cannot be let in would wake us again and again. */
static void set_exhausted(Webroot *webroot, bool is_exhausted)
{
        struct epoll_event event = {.events = is_exhausted ? 0 : EPOLLIN};

        if (webroot->is_exhausted == is_exhausted)
                return;
        webroot->is_exhausted = is_exhausted;
        for (size_t i = 0; i < webroot->n_fds; i++) {
                event.data.u64 = i;
                (void) epoll_ctl(webroot->epoll_fd, EPOLL_CTL_MOD, webroot->fds[i], &event);
        }
}

static int timeout_msec(const Webroot *webroot, usec_t next_usec)
{
        usec_t now = now_monotonic(), wait_usec;
        MHD_UNSIGNED_LONG_LONG library_msec;

        wait_usec = next_usec == USEC_INFINITY ? USEC_INFINITY : next_usec - MIN(next_usec, now);
        if (webroot->is_exhausted)
                wait_usec = MIN(wait_usec, ACCEPT_RETRY_USEC);
        if (MHD_get_timeout(webroot->daemon, &library_msec) == MHD_YES)
                wait_usec = MIN(wait_usec, (usec_t) library_msec * USEC_PER_MSEC);
        if (wait_usec == USEC_INFINITY)
                return -1;
        return (int) MIN((wait_usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC, (usec_t) INT_MAX);
}

int webroot_serve(Webroot *webroot)
{
        struct epoll_event events[WEBROOT_SOCKETS_MAX + 1];

        for (;;) {
                usec_t next_usec;
                int n;

                next_usec = visitors_expire(&webroot->visitors, false, now_monotonic());
                n = epoll_wait(webroot->epoll_fd,
                               events,
                               ELEMENTSOF(events),
                               timeout_msec(webroot, next_usec));
                if (n < 0 && errno != EINTR)
                        return -errno;
                set_exhausted(webroot, false);
                for (int i = 0; i < n; i++)
                        if (events[i].data.u64 < webroot->n_fds &&
                            accept_some(webroot, webroot->fds[events[i].data.u64]))
                                set_exhausted(webroot, true);
                (void) MHD_run(webroot->daemon);
        }
}
