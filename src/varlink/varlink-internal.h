/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the server's files share: server ← connection ← call. */

#include "varlink/varlink-frame.h"
#include "varlink/varlink-server.h"

struct VarlinkServer {
        sd_event *event;
        sd_event_source *accept_source;
        int listen_fd;
        const VarlinkInterface *interface;
        const VarlinkServerCallbacks *callbacks;
        void *userdata;
        usec_t frame_timeout_usec;
        unsigned door; /* 0: it has no number */
        VarlinkConnection *connections;
        size_t n_connections;
};

struct VarlinkConnection {
        VarlinkServer *server;
        VarlinkConnection *previous, *next;
        void *userdata;
        pid_t pid;
        int fd;

        sd_event_source *io_source;
        sd_event_source *more_source;  /* runs when another whole message is here already */
        sd_event_source *timer_source; /* wakes us at the deadline */
        usec_t deadline_usec; /* of a begun message, or a reply not taken; monotonic; 0: none */

        FrameReader input;
        char *output; /* what the socket did not take of a reply */
        size_t output_length;
        size_t output_sent;
        bool ended; /* the peer sends no more; what it has sent is answered */
        bool dead;  /* to be freed as soon as nobody is using it */
};

/* varlink-connection.c. fd is taken, also on failure. Return: 0, -errno. */
int connection_new(VarlinkServer *server, int fd);
void connection_free(VarlinkConnection *connection);

/* Sends a message, its NUL included in length, or keeps what the socket does not take; to be called
 * when nothing is kept. A peer that has gone makes the connection dead. Return: 0, -ENOMEM. */
int connection_send(VarlinkConnection *connection, const char *data, size_t length);

/* Tells whoever wants to know that a call was refused. */
void connection_refused(VarlinkConnection *connection, const char *operation, const char *reason);

/* varlink-call.c: one message. Return: 0 when it was answered; -EBADMSG when it is no call; -errno
 * when there is no answer. */
int call_handle(VarlinkConnection *connection, const char *frame, size_t length);

/* varlink-service.c: what every service has. userdata is the server. */
extern const VarlinkInterface varlink_service_interface;
