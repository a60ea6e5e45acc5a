/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One buffer for each direction: who does not read is not read from, so that nothing grows. */

#include "bridge/pump.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macro.h"

/* Half of a frame of varlink; what matters is that it is bounded. */
#define FLOW_BYTES (64U * 1024U)

typedef struct Flow {
        int from, to;
        size_t begin, end; /* of what waits in the buffer */
        bool is_ended;     /* nothing more comes */
        bool is_done;      /* and that has been passed on */
        char buffer[FLOW_BYTES];
} Flow;

static bool is_empty(const Flow *flow)
{
        return flow->begin == flow->end;
}

/* Return: 0, also when there is nothing yet; -errno. */
static int flow_read(Flow *flow)
{
        ssize_t n = read(flow->from, flow->buffer, sizeof(flow->buffer));

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        /* Who resets a connection ends it. */
        if (n < 0 && errno == ECONNRESET)
                n = 0;
        if (n < 0)
                return -errno;
        flow->begin = 0;
        flow->end = (size_t) n;
        flow->is_ended = n == 0;
        return 0;
}

static int flow_write(Flow *flow)
{
        ssize_t n = write(flow->to, flow->buffer + flow->begin, flow->end - flow->begin);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        flow->begin += (size_t) n;
        return 0;
}

/* Tells the other side that nothing more comes. */
static void flow_pass_end(Flow *flow)
{
        if (!flow->is_ended || !is_empty(flow) || flow->is_done)
                return;
        flow->is_done = true;
        /* A pipe has no half; the end of this process is the end of it. */
        (void) shutdown(flow->to, SHUT_WR);
}

static int flow_give_up(Flow *flow)
{
        flow->begin = flow->end;
        flow->is_ended = flow->is_done = true;
        return 0;
}

/* What one direction waits for: two places of poll(), of which one is used. */
static void flow_wait(const Flow *flow, struct pollfd p[static 2])
{
        bool is_reading = is_empty(flow) && !flow->is_ended;

        p[0] = (struct pollfd){.fd = is_reading ? flow->from : -1, .events = POLLIN};
        p[1] = (struct pollfd){.fd = is_empty(flow) ? -1 : flow->to, .events = POLLOUT};
}

static int flow_move(Flow *flow, const struct pollfd p[static 2])
{
        int r = 0;

        if (p[0].fd >= 0 && p[0].revents)
                r = flow_read(flow);
        else if (p[1].fd >= 0 && p[1].revents)
                r = flow_write(flow);
        flow_pass_end(flow);
        return r;
}

static int set_nonblocking(int fd)
{
        int flags = fcntl(fd, F_GETFL);

        return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int pump(int in_fd, int out_fd, int socket_fd)
{
        static Flow there, back;
        const int fds[] = {in_fd, out_fd, socket_fd};
        int r;

        there = (Flow){.from = in_fd, .to = socket_fd};
        back = (Flow){.from = socket_fd, .to = out_fd};
        FOREACH_ARRAY (fd, fds, ELEMENTSOF(fds)) {
                r = set_nonblocking(*fd);
                if (r < 0)
                        return r;
        }
        while (!back.is_done) {
                struct pollfd p[4];

                flow_wait(&there, p);
                flow_wait(&back, p + 2);
                if (poll(p, ELEMENTSOF(p), -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                r = flow_move(&there, p);
                /* Who has gone reads no more, but may have said something before. */
                if (r == -EPIPE || r == -ECONNRESET)
                        r = flow_give_up(&there);
                if (r == 0)
                        r = flow_move(&back, p + 2);
                if (r < 0)
                        return r == -EPIPE ? 0 : r;
        }
        return 0;
}
