/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may come in, and for how long: everybody has a deadline from arrival on, and when there is no
 * room left, who has been here longest goes. So neither a thousand who say nothing nor those who
 * say it slowly keep a validator out. */

#include "alpn/responder.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "alpn/handshake.h"
#include "base/log.h"
#include "visitors/visitors.h"

/* A handshake under way takes some 40 KiB; MemoryMax= and LimitNOFILE= of the unit are above that.
 */
#define VISITORS_MAX 1024U

/* Connections taken from one socket before the others, and the ones inside, have their turn. */
#define ACCEPTS_AT_ONCE 32U

/* After accept() failed for want of descriptors or memory, look again this much later. */
#define ACCEPT_RETRY_USEC (50 * USEC_PER_MSEC)

typedef struct Handshake Handshake;

struct Responder {
        sd_event *event;
        SSL_CTX *context;
        int directory_fd;
        sd_event_source *sockets[RESPONDER_SOCKETS_MAX];
        size_t n_sockets;
        sd_event_source *expiry, *retry;
        Visitors visitors;
        Handshake *first; /* all that are under way */
};

/* One connection. */
struct Handshake {
        Responder *responder;
        Handshake *previous, *next;
        int fd;
        SSL *ssl;
        Visitor *visitor;
        sd_event_source *source;
};

static void handshake_free(Handshake *h)
{
        Responder *r = h->responder;

        if (h->previous)
                h->previous->next = h->next;
        else if (r->first == h)
                r->first = h->next;
        if (h->next)
                h->next->previous = h->previous;
        sd_event_source_disable_unref(h->source);
        visitors_remove(&r->visitors, h->visitor);
        SSL_free(h->ssl);
        closep(&h->fd);
        free(h);
}

/* full: the oldest makes room. Arms the timer for the next who is over. */
static void expire(Responder *r, bool full)
{
        usec_t next_usec = visitors_expire(&r->visitors, full, now_monotonic());

        if (next_usec == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(r->expiry, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(r->expiry, next_usec);
        (void) sd_event_source_set_enabled(r->expiry, SD_EVENT_ONESHOT);
}

static int on_expiry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        expire(userdata, false);
        return 0;
}

static int
on_bytes(sd_event_source *source, int fd _unused_, uint32_t events _unused_, void *userdata)
{
        Handshake *h = userdata;
        uint32_t wanted = handshake_step(h->ssl);

        if (wanted == 0 || sd_event_source_set_io_events(source, wanted) < 0)
                handshake_free(h);
        return 0;
}

/* fd is taken. Return: 0, -ENOMEM and the like: this one connection is given up. */
static int admit(Responder *r, int fd)
{
        Handshake *h = calloc(1, sizeof(*h));

        if (!h) {
                close(fd);
                return -ENOMEM;
        }
        *h = (Handshake){.responder = r, .fd = fd, .next = r->first};
        if (r->first)
                r->first->previous = h;
        r->first = h;
        h->ssl = SSL_new(r->context);
        h->visitor = visitors_add(&r->visitors, fd, now_monotonic());
        if (!h->ssl || !h->visitor || SSL_set_fd(h->ssl, fd) != 1 ||
            sd_event_add_io(r->event, &h->source, fd, EPOLLIN, on_bytes, h) < 0) {
                handshake_free(h);
                return -ENOMEM;
        }
        return 0;
}

static int on_retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Responder *r = userdata;

        for (size_t i = 0; i < r->n_sockets; i++)
                (void) sd_event_source_set_enabled(r->sockets[i], SD_EVENT_ON);
        return 0;
}

/* Somebody who waits at a socket and cannot be let in would wake us again and again. */
static void pause_accepting(Responder *r)
{
        for (size_t i = 0; i < r->n_sockets; i++)
                (void) sd_event_source_set_enabled(r->sockets[i], SD_EVENT_OFF);
        (void) sd_event_source_set_time_relative(r->retry, ACCEPT_RETRY_USEC);
        (void) sd_event_source_set_enabled(r->retry, SD_EVENT_ONESHOT);
}

static int
on_connection(sd_event_source *source _unused_, int fd, uint32_t events _unused_, void *userdata)
{
        Responder *r = userdata;

        for (unsigned i = 0; i < ACCEPTS_AT_ONCE; i++) {
                int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (peer < 0) {
                        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                            errno == ENOMEM)
                                pause_accepting(r);
                        break;
                }
                (void) admit(r, peer);
                if (r->visitors.n > VISITORS_MAX)
                        expire(r, true);
        }
        expire(r, false);
        return 0;
}

static int watch(Responder *r, int fd)
{
        int flags = fcntl(fd, F_GETFL), k;

        /* A peer that has gone again between epoll and accept must not hold the rest. */
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        k = sd_event_add_io(r->event, &r->sockets[r->n_sockets], fd, EPOLLIN, on_connection, r);
        if (k < 0)
                return k;
        r->n_sockets++;
        /* Those inside first: what they hold is given back then. */
        return sd_event_source_set_priority(r->sockets[r->n_sockets - 1],
                                            SD_EVENT_PRIORITY_NORMAL + 1);
}

static int add_timer(Responder *r, sd_event_time_handler_t handler, sd_event_source **ret)
{
        int k = sd_event_add_time_relative(r->event, ret, CLOCK_MONOTONIC, 0, 1, handler, r);

        return k < 0 ? k : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

int responder_new(sd_event *event, const int *fds, size_t n, int directory_fd, Responder **ret)
{
        _cleanup_(responder_freep) Responder *responder = calloc(1, sizeof(*responder));
        int r;

        assert(n <= RESPONDER_SOCKETS_MAX);
        if (!responder)
                return -ENOMEM;
        responder->event = sd_event_ref(event);
        responder->directory_fd = directory_fd;
        r = handshake_context_new(&responder->directory_fd, &responder->context);
        if (r == 0)
                r = add_timer(responder, on_expiry, &responder->expiry);
        if (r >= 0)
                r = add_timer(responder, on_retry, &responder->retry);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = watch(responder, fds[i]);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(responder);
        return 0;
}

void responder_free(Responder *responder)
{
        if (!responder)
                return;
        for (Handshake *h = responder->first, *next; h; h = next) {
                next = h->next;
                handshake_free(h);
        }
        for (size_t i = 0; i < responder->n_sockets; i++)
                sd_event_source_disable_unref(responder->sockets[i]);
        sd_event_source_disable_unref(responder->expiry);
        sd_event_source_disable_unref(responder->retry);
        SSL_CTX_free(responder->context);
        sd_event_unref(responder->event);
        free(responder);
}
