/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The resolver's questions are libresolv's business. Those to one server are asked here: by UDP,
 * and again by TCP when the answer does not fit (RFC 7766). The socket is connected, so that the
 * kernel drops what others send. */

#include "publisher/dns-query.h"

#include <poll.h>
#include <resolv.h>

#include "base/time-util.h"

/* RFC 1035 section 4.1.1. */
#define HEADER_BYTES 12U

/* A name, its type and class, and a header. */
#define QUERY_MAX 512

/* A datagram may be lost. */
#define TRIES 2U

/* A name is whole as it is given: no search list, no hosts file. Return: its length; -errno. */
static int make_query(struct __res_state *state,
                      const char *name,
                      ns_type type,
                      unsigned char query[QUERY_MAX])
{
        int n;

        n = res_nmkquery(state, ns_o_query, name, ns_c_in, type, NULL, 0, NULL, query, QUERY_MAX);
        return n < (int) HEADER_BYTES ? -EBADMSG : n;
}

int dns_resolve(const char *name, ns_type type, DnsMessage *ret)
{
        unsigned char query[QUERY_MAX];
        struct __res_state state = {};
        int n, r;

        if (res_ninit(&state) < 0)
                return -EIO;
        r = n = make_query(&state, name, type, query);
        if (r >= 0) {
                n = res_nsend(&state, query, n, ret->data, sizeof(ret->data));
                r = n < 0 ? -EIO : 0;
        }
        res_nclose(&state);
        if (r < 0)
                return r;
        ret->length = MIN((size_t) n, sizeof(ret->data));
        return dns_message_parse(ret);
}

/* What one exchange shares. */
typedef struct Exchange {
        int fd;
        usec_t deadline_usec;
        unsigned char query[QUERY_MAX];
        size_t length;
} Exchange;

static int await(const Exchange *x, short events)
{
        struct pollfd p = {.fd = x->fd, .events = events};
        usec_t now_usec;
        int r;

        do {
                now_usec = now_monotonic();
                if (now_usec >= x->deadline_usec)
                        return -ETIMEDOUT;
                r = poll(&p, 1, (int) ((x->deadline_usec - now_usec) / USEC_PER_MSEC) + 1);
        } while (r == 0 || (r < 0 && errno == EINTR));
        return r < 0 ? -errno : 0;
}

static int read_all(const Exchange *x, unsigned char *data, size_t length)
{
        while (length > 0) {
                ssize_t n = recv(x->fd, data, length, MSG_DONTWAIT);
                int r;

                if (n == 0)
                        return -ECONNRESET;
                if (n > 0) {
                        data += n;
                        length -= (size_t) n;
                        continue;
                }
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
                r = await(x, POLLIN);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int connect_to(const DnsServer *server, int type, Exchange *x)
{
        socklen_t n = sizeof(int);
        int error = 0, r;

        x->fd = socket(server->address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (x->fd < 0)
                return -errno;
        x->deadline_usec = now_monotonic() + DNS_QUERY_USEC;
        if (connect(x->fd, (const struct sockaddr *) &server->address, server->length) == 0)
                return 0;
        if (errno != EINPROGRESS)
                return -errno;
        r = await(x, POLLOUT);
        if (r == 0 && getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
                r = -errno;
        return r < 0 ? r : -error;
}

/* The answer to this question: its number, and a response. */
static bool is_answer(const Exchange *x, const DnsMessage *m)
{
        return m->length >= HEADER_BYTES && m->data[0] == x->query[0] &&
               m->data[1] == x->query[1] && (m->data[2] & 0x80);
}

static int exchange_udp(const DnsServer *server, Exchange *x, DnsMessage *ret)
{
        int r;

        r = connect_to(server, SOCK_DGRAM, x);
        if (r == 0 && send(x->fd, x->query, x->length, MSG_NOSIGNAL) < 0)
                r = -errno;
        while (r == 0) {
                ssize_t n;

                r = await(x, POLLIN);
                if (r < 0)
                        break;
                n = recv(x->fd, ret->data, sizeof(ret->data), 0);
                if (n < 0)
                        return -errno;
                ret->length = (size_t) n;
                if (is_answer(x, ret))
                        return 0;
        }
        return r;
}

/* RFC 1035 section 4.2.2: the length goes before. */
static int exchange_tcp(const DnsServer *server, Exchange *x, DnsMessage *ret)
{
        unsigned char frame[2 + QUERY_MAX] = {(unsigned char) (x->length >> 8),
                                              (unsigned char) x->length};
        unsigned char head[2];
        int r;

        memcpy(frame + 2, x->query, x->length);
        r = connect_to(server, SOCK_STREAM, x);
        /* It fits into any socket's buffer. */
        if (r == 0 && send(x->fd, frame, x->length + 2, MSG_NOSIGNAL) != (ssize_t) x->length + 2)
                r = -EIO;
        if (r == 0)
                r = read_all(x, head, sizeof(head));
        if (r < 0)
                return r;
        ret->length = (size_t) head[0] << 8 | head[1];
        if (ret->length > sizeof(ret->data))
                return -EBADMSG;
        r = read_all(x, ret->data, ret->length);
        return r == 0 && !is_answer(x, ret) ? -EBADMSG : r;
}

static int begin(const char *name, ns_type type, Exchange *x)
{
        struct __res_state state = {};
        int n;

        if (res_ninit(&state) < 0)
                return -EIO;
        n = make_query(&state, name, type, x->query);
        res_nclose(&state);
        if (n < 0)
                return n;
        x->length = (size_t) n;
        /* No recursion: what it has itself (RFC 1035 section 4.1.1, RD). */
        x->query[2] &= (unsigned char) ~0x01U;
        return 0;
}

int dns_ask(const DnsServer *server, const char *name, ns_type type, DnsMessage *ret)
{
        Exchange x = {.fd = -EBADF};
        int r;

        r = begin(name, type, &x);
        if (r < 0)
                return r;
        r = -ETIMEDOUT;
        for (unsigned i = 0; i < TRIES && r == -ETIMEDOUT; i++) {
                r = exchange_udp(server, &x, ret);
                closep(&x.fd);
        }
        if (r == 0)
                r = dns_message_parse(ret);
        if (r < 0 || !dns_message_is_truncated(ret))
                return r;
        r = exchange_tcp(server, &x, ret);
        closep(&x.fd);
        return r < 0 ? r : dns_message_parse(ret);
}
