/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One peer of a server. It is in one of three states: reading (no whole message is here), ready
 * (one is, and will be answered when it is this connection's turn), writing (a reply has not left
 * wholly; nothing is read then). settle() derives from the state what the event loop has to watch,
 * so that no path can forget it.
 *
 * Invariants: at most one reply is kept; a begun message and a begun reply have a deadline that no
 * trickle of bytes moves; a connection is freed by its own event sources or by its server, never
 * below a handler. */

#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/escape.h"
#include "base/log.h"
#include "varlink/varlink-internal.h"
#include "varlink/varlink-limits.h"

/* A deadline is looked at after the bytes: the loop may have been busy with a handler while they
 * came in time. So that no stream of bytes keeps us from looking, settle() looks, too. */
#define TIMER_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 10)
#define TIMER_ACCURACY_USEC (10 * USEC_PER_MSEC)

void connection_free(VarlinkConnection *connection)
{
        VarlinkServer *server = connection->server;

        if (connection->previous)
                connection->previous->next = connection->next;
        else
                server->connections = connection->next;
        if (connection->next)
                connection->next->previous = connection->previous;
        server->n_connections--;
        /* Somebody may be waiting in the backlog. */
        (void) sd_event_source_set_enabled(server->accept_source, SD_EVENT_ON);
        if (server->callbacks && server->callbacks->disconnected)
                server->callbacks->disconnected(connection, server->userdata);

        sd_event_source_disable_unref(connection->io_source);
        sd_event_source_disable_unref(connection->more_source);
        sd_event_source_disable_unref(connection->timer_source);
        close(connection->fd);
        frame_reader_done(&connection->input);
        free(connection->output);
        free(connection);
}

void connection_refused(VarlinkConnection *connection, const char *operation, const char *reason)
{
        VarlinkServer *server = connection->server;
        _cleanup_free_ char *name = NULL;

        if (server->callbacks && server->callbacks->refused) {
                server->callbacks->refused(connection, operation, reason, server->userdata);
                return;
        }
        if (operation)
                name = escape_foreign(operation, strlen(operation), VARLINK_NAME_MAX);
        log_warning("Refused a call of %s by process %i to %s: %s",
                    name ?: "an unknown method",
                    (int) connection->pid,
                    server->interface->name,
                    reason);
}

int connection_send(VarlinkConnection *connection, const char *data, size_t length)
{
        size_t sent;

        assert(!connection->output);
        if (connection->dead)
                return 0;
        if (frame_send(connection->fd, data, length, &sent) < 0) {
                connection->dead = true;
                return 0;
        }
        if (sent == length)
                return 0;
        connection->output = malloc(length - sent);
        if (!connection->output)
                return -ENOMEM;
        memcpy(connection->output, data + sent, length - sent);
        connection->output_length = length - sent;
        connection->output_sent = 0;
        return 0;
}

static void flush_output(VarlinkConnection *connection)
{
        size_t sent;

        if (frame_send(connection->fd,
                       connection->output + connection->output_sent,
                       connection->output_length - connection->output_sent,
                       &sent) < 0) {
                connection->dead = true;
                return;
        }
        connection->output_sent += sent;
        if (connection->output_sent < connection->output_length)
                return;
        free(TAKE_PTR(connection->output));
        /* The next message has a deadline of its own. */
        connection->deadline_usec = 0;
}

/* Takes all that is there, up to a whole message. */
static void read_input(VarlinkConnection *connection)
{
        int r;

        do
                r = frame_reader_receive(&connection->input, connection->fd);
        while (r == 0 && !frame_reader_has_frame(&connection->input));
        if (r == FRAME_E_END) {
                connection->ended = true;
        } else if (r == -EMSGSIZE) {
                connection_refused(connection, NULL, "the message is too large");
                connection->dead = true;
        } else if (r < 0) {
                connection->dead = true;
        }
}

static void handle_frame(VarlinkConnection *connection)
{
        const char *frame;
        size_t length;
        int r;

        frame = frame_reader_next(&connection->input, &length);
        if (!frame)
                return;
        connection->deadline_usec = 0;
        r = call_handle(connection, frame, length);
        if (r == -EBADMSG)
                connection_refused(connection, NULL, "the message is no call");
        else if (r < 0)
                log_error_errno(r,
                                "Failed to answer a call of %s, closing the connection",
                                connection->server->interface->name);
        if (r < 0)
                connection->dead = true;
}

/* Too late: says so, and ends the connection. */
static void expire(VarlinkConnection *connection)
{
        connection_refused(connection,
                           NULL,
                           connection->output ? "the reply was not read in time"
                                              : "the message did not end in time");
        connection_free(connection);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        expire(userdata);
        return 0;
}

/* Starts the deadline, unless it runs. Return: 0, -errno. */
static int start_timer(VarlinkConnection *connection)
{
        int r;

        if (connection->deadline_usec > 0)
                return 0;
        connection->deadline_usec = now_monotonic() + connection->server->frame_timeout_usec;
        if (connection->timer_source) {
                r = sd_event_source_set_time(connection->timer_source, connection->deadline_usec);
                if (r < 0)
                        return r;
                return sd_event_source_set_enabled(connection->timer_source, SD_EVENT_ONESHOT);
        }
        r = sd_event_add_time(connection->server->event,
                              &connection->timer_source,
                              CLOCK_MONOTONIC,
                              connection->deadline_usec,
                              TIMER_ACCURACY_USEC,
                              on_timer,
                              connection);
        if (r < 0)
                return r;
        return sd_event_source_set_priority(connection->timer_source, TIMER_PRIORITY);
}

static int on_more(sd_event_source *source, void *userdata);

/* A new source each time: sd-event runs what has been pending for longest, and a defer source that
 * is merely enabled again counts from its first time, so that its connection would always be first.
 * Return: 0, -errno. */
static int schedule_more(VarlinkConnection *connection)
{
        connection->more_source = sd_event_source_disable_unref(connection->more_source);
        return sd_event_add_defer(connection->server->event,
                                  &connection->more_source,
                                  on_more,
                                  connection);
}

/* Has the deadline passed of what is still not done? */
static bool is_late(const VarlinkConnection *connection)
{
        return connection->deadline_usec > 0 && now_monotonic() >= connection->deadline_usec;
}

/* Return: 0, -errno. */
static int watch(VarlinkConnection *connection, bool ready, bool begun)
{
        uint32_t events = 0;
        int r;

        if (connection->output)
                events = EPOLLOUT;
        else if (!ready)
                events = EPOLLIN;
        r = sd_event_source_set_io_events(connection->io_source, events);
        if (r < 0)
                return r;
        if (ready) {
                r = schedule_more(connection);
                if (r < 0)
                        return r;
        }
        if (connection->output || begun)
                return start_timer(connection);
        connection->deadline_usec = 0;
        return connection->timer_source
                               ? sd_event_source_set_enabled(connection->timer_source, SD_EVENT_OFF)
                               : 0;
}

/* Watches for what the state asks for; frees the connection when it is over. Return: 0, for
 * sd-event. */
static int settle(VarlinkConnection *connection)
{
        bool ready = !connection->output && frame_reader_has_frame(&connection->input);
        bool begun = !ready && !frame_reader_is_empty(&connection->input);
        int r;

        if (connection->dead || (connection->ended && !ready && !connection->output)) {
                connection_free(connection);
                return 0;
        }
        if ((connection->output || begun) && is_late(connection)) {
                expire(connection);
                return 0;
        }
        r = watch(connection, ready, begun);
        if (r < 0) {
                log_error_errno(r, "Failed to watch a connection, closing it");
                connection_free(connection);
        }
        return 0;
}

static int on_more(sd_event_source *source _unused_, void *userdata)
{
        VarlinkConnection *connection = userdata;

        if (!connection->output)
                handle_frame(connection);
        return settle(connection);
}

static int
on_io(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_, void *userdata)
{
        VarlinkConnection *connection = userdata;

        /* What has come is answered in its turn, also when the peer has gone since: a oneway call
         * does not need it. */
        if (!connection->output && frame_reader_has_frame(&connection->input))
                return 0;
        if (connection->output) {
                flush_output(connection);
        } else {
                read_input(connection);
                if (!connection->dead)
                        handle_frame(connection);
        }
        return settle(connection);
}

int connection_new(VarlinkServer *server, int fd)
{
        struct ucred peer = {};
        socklen_t length = sizeof(peer);
        VarlinkConnection *connection;
        int r;

        connection = malloc(sizeof(*connection));
        if (!connection) {
                close(fd);
                return -ENOMEM;
        }
        *connection = (VarlinkConnection){.server = server, .fd = fd};
        r = sd_event_add_io(server->event, &connection->io_source, fd, EPOLLIN, on_io, connection);
        if (r < 0) {
                close(fd);
                free(connection);
                return r;
        }
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0)
                connection->pid = peer.pid;
        connection->next = server->connections;
        if (connection->next)
                connection->next->previous = connection;
        server->connections = connection;
        server->n_connections++;
        if (server->callbacks && server->callbacks->connected)
                server->callbacks->connected(connection, server->userdata);
        return 0;
}

void varlink_connection_set_userdata(VarlinkConnection *connection, void *userdata)
{
        connection->userdata = userdata;
}

void *varlink_connection_get_userdata(const VarlinkConnection *connection)
{
        return connection->userdata;
}

unsigned varlink_connection_door(const VarlinkConnection *connection)
{
        return connection->server->door;
}

pid_t varlink_connection_peer_pid(const VarlinkConnection *connection)
{
        return connection->pid;
}
