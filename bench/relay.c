/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A TCP relay on loopback that makes a server look far away: every byte arrives DELAY milliseconds
 * after it was sent, in both directions. Throughput is not limited, and bytes overtake nobody.
 *
 *     relay LISTEN-PORT TARGET-PORT DELAY-MS [handshake]
 *
 * Prints a line per connection accepted, so that connections can be counted.
 *
 * The kernel completes a connection to us at once, as if the server were near. With "handshake"
 * what a real one would cost is charged to the client's first bytes: none leaves before one round
 * trip after accept().
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_MSEC INT64_C(1000000)
#define NSEC_PER_SEC INT64_C(1000000000)
#define CHUNK_BYTES 16384
#define BACKLOG 512
#define EVENTS_MAX 64

/* Bytes that arrived together, and when they are due at the other end. No bytes: end of stream. */
typedef struct Chunk {
        struct Chunk *next;
        int64_t due_nsec;
        size_t size, sent;
        char bytes[CHUNK_BYTES];
} Chunk;

typedef struct Pair Pair;

/* One direction of a pair: read from one socket, held back, written to the other. */
typedef struct Lane {
        Pair *pair;
        int from, to;
        Chunk *head, **tail;
        bool closed; /* end of stream seen */
        bool done;   /* and passed on */
} Lane;

struct Pair {
        Pair *next, *previous;
        int64_t made_nsec;
        Lane lanes[2];
};

static int epoll_fd, timer_fd;
static int64_t delay_nsec, handshake_nsec;
static Pair *pairs;

static void die(const char *what)
{
        fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

static int64_t now(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static void watch(int fd, uint32_t events, void *pointer)
{
        struct epoll_event event = {.events = events, .data.ptr = pointer};

        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
                die("epoll_ctl");
}

static struct sockaddr_in loopback(uint16_t port)
{
        return (struct sockaddr_in){
                        .sin_family = AF_INET,
                        .sin_port = htons(port),
                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        };
}

static int listen_on(uint16_t port)
{
        struct sockaddr_in address = loopback(port);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            listen(fd, BACKLOG) < 0)
                die("listening");
        return fd;
}

static int connect_to(uint16_t port)
{
        struct sockaddr_in address = loopback(port);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        /* On loopback this is a matter of microseconds, so it may block. */
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                die("connecting to the target");
        return fd;
}

static void lane_init(Lane *lane, Pair *pair, int from, int to)
{
        *lane = (Lane){.pair = pair, .from = from, .to = to};
        lane->tail = &lane->head;
        setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        watch(from, EPOLLIN, lane);
}

static void pair_free(Pair *pair)
{
        for (int i = 0; i < 2; i++) {
                while (pair->lanes[i].head) {
                        Chunk *chunk = pair->lanes[i].head;

                        pair->lanes[i].head = chunk->next;
                        free(chunk);
                }
                close(pair->lanes[i].from);
        }
        if (pair->next)
                pair->next->previous = pair->previous;
        *(pair->previous ? &pair->previous->next : &pairs) = pair->next;
        free(pair);
}

static void accept_one(int listener, uint16_t target)
{
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC), server;
        Pair *pair;

        if (client < 0)
                return;
        puts("connection");
        server = connect_to(target);
        pair = calloc(1, sizeof(*pair));
        if (!pair)
                die("calloc");
        pair->made_nsec = now() + handshake_nsec;
        pair->next = pairs;
        if (pairs)
                pairs->previous = pair;
        pairs = pair;
        lane_init(&pair->lanes[0], pair, client, server);
        lane_init(&pair->lanes[1], pair, server, client);
}

/* Takes what has arrived and notes when it is due. */
static void lane_read(Lane *lane)
{
        int64_t arrived = now();
        Chunk *chunk;
        ssize_t n;

        chunk = malloc(sizeof(*chunk));
        if (!chunk)
                die("malloc");
        n = recv(lane->from, chunk->bytes, sizeof(chunk->bytes), MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
                free(chunk);
                return;
        }
        if (arrived < lane->pair->made_nsec)
                arrived = lane->pair->made_nsec;
        chunk->size = n > 0 ? (size_t) n : 0; /* a reset is passed on as an end */
        chunk->sent = 0;
        chunk->next = NULL;
        chunk->due_nsec = arrived + delay_nsec;
        *lane->tail = chunk;
        lane->tail = &chunk->next;
        if (n <= 0) {
                lane->closed = true;
                epoll_ctl(epoll_fd, EPOLL_CTL_DEL, lane->from, NULL);
        }
}

/* Passes on what is due; returns when the next is, or INT64_MAX. */
static int64_t lane_write(Lane *lane, int64_t time)
{
        while (lane->head && lane->head->due_nsec <= time) {
                Chunk *chunk = lane->head;

                if (chunk->size == 0) {
                        shutdown(lane->to, SHUT_WR);
                        lane->done = true;
                }
                while (chunk->sent < chunk->size) {
                        ssize_t n = send(lane->to,
                                         chunk->bytes + chunk->sent,
                                         chunk->size - chunk->sent,
                                         MSG_NOSIGNAL | MSG_DONTWAIT);

                        if (n < 0 && errno == EAGAIN)
                                return time + NSEC_PER_MSEC;
                        chunk->sent = n < 0 ? chunk->size : chunk->sent + (size_t) n;
                }
                lane->head = chunk->next;
                if (!lane->head)
                        lane->tail = &lane->head;
                free(chunk);
        }
        return lane->head ? lane->head->due_nsec : INT64_MAX;
}

/* Passes on what is due in every pair, forgets pairs that have ended, sets the alarm for the next.
 */
static void flush_all(void)
{
        int64_t time = now(), next = INT64_MAX;
        struct itimerspec alarm = {0};
        Pair *following;

        for (Pair *pair = pairs; pair; pair = following) {
                following = pair->next;
                for (int i = 0; i < 2; i++) {
                        int64_t due = lane_write(&pair->lanes[i], time);

                        next = due < next ? due : next;
                }
                if (pair->lanes[0].done && pair->lanes[1].done)
                        pair_free(pair);
        }
        if (next != INT64_MAX) {
                alarm.it_value.tv_sec = next / NSEC_PER_SEC;
                alarm.it_value.tv_nsec = next % NSEC_PER_SEC;
        }
        timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &alarm, NULL);
}

int main(int argc, char **argv)
{
        struct epoll_event events[EVENTS_MAX];
        int listener, n;

        if (argc != 4 && (argc != 5 || strcmp(argv[4], "handshake") != 0)) {
                fputs("usage: relay LISTEN-PORT TARGET-PORT DELAY-MS [handshake]\n", stderr);
                return EXIT_FAILURE;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        delay_nsec = (int64_t) (strtod(argv[3], NULL) * (double) NSEC_PER_MSEC);
        handshake_nsec = argc == 5 ? 2 * delay_nsec : 0;
        epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        listener = listen_on((uint16_t) strtoul(argv[1], NULL, 10));
        watch(listener, EPOLLIN, &listener);
        watch(timer_fd, EPOLLIN, &timer_fd);

        for (;;) {
                n = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
                for (int i = 0; i < n; i++) {
                        if (events[i].data.ptr == &listener)
                                accept_one(listener, (uint16_t) strtoul(argv[2], NULL, 10));
                        else if (events[i].data.ptr != &timer_fd)
                                lane_read(events[i].data.ptr);
                }
                flush_all();
        }
}
