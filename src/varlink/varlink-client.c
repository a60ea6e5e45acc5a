/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A caller. The service behind the door is a room of ours with more privilege, but what it sends is
 * read as strictly as what a stranger sends: a reply is one JSON object with the members that a
 * single reply can have. Invariant: at most one call is under way, so that a reply can never be
 * taken for another call's. */

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "varlink/varlink-client.h"
#include "varlink/varlink-frame.h"
#include "varlink/varlink-limits.h"

struct VarlinkClient {
        int fd;
        FrameReader input;
        bool waiting; /* for a reply */
        bool dead;
};

/* A reply's members. */
typedef struct Message {
        const char *error;
        struct json_object *parameters;
        bool continues;
} Message;

/* "interface.Error", as varlink.org/Interface-Definition spells it. */
static bool error_name_is_valid(const char *name)
{
        static const char letters[] =
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

        return *name && name[strspn(name, letters)] == '\0';
}

static const JsonField message_fields[] = {
                {"error",
                 JSON_STRING,
                 offsetof(Message, error),
                 VARLINK_NAME_MAX,
                 error_name_is_valid,
                 JSON_NULLABLE},
                {"parameters", JSON_OBJECT, offsetof(Message, parameters), .flags = JSON_NULLABLE},
                {"continues", JSON_BOOLEAN, offsetof(Message, continues), .flags = JSON_NULLABLE},
                {},
};

void varlink_reply_done(VarlinkReply *reply)
{
        free(reply->error);
        json_object_put(reply->parameters);
        *reply = (VarlinkReply){};
}

int varlink_client_connect(const char *path, VarlinkClient **ret)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = -EBADF;
        VarlinkClient *client;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        client = malloc(sizeof(*client));
        if (!client)
                return -ENOMEM;
        *client = (VarlinkClient){.fd = TAKE_FD(fd)};
        *ret = client;
        return 0;
}

void varlink_client_free(VarlinkClient *client)
{
        if (!client)
                return;
        close(client->fd);
        frame_reader_done(&client->input);
        free(client);
}

int varlink_client_fd(const VarlinkClient *client)
{
        return client->fd;
}

static usec_t deadline_after(usec_t timeout_usec)
{
        usec_t now_usec = now_monotonic();

        return timeout_usec > USEC_INFINITY - now_usec ? USEC_INFINITY : now_usec + timeout_usec;
}

/* Waits until the socket is ready, for ever with USEC_INFINITY. Return: 0, -ETIMEDOUT, -errno. */
static int wait_for(int fd, short events, usec_t deadline_usec)
{
        for (;;) {
                struct pollfd p = {.fd = fd, .events = events};
                usec_t now_usec = now_monotonic();
                usec_t left_usec = deadline_usec > now_usec ? deadline_usec - now_usec : 0;
                struct timespec ts = {
                                .tv_sec = (time_t) (left_usec / USEC_PER_SEC),
                                .tv_nsec = (long) (left_usec % USEC_PER_SEC * 1000),
                };
                int n = ppoll(&p, 1, deadline_usec == USEC_INFINITY ? NULL : &ts, NULL);

                if (n > 0)
                        return 0;
                if (n == 0)
                        return -ETIMEDOUT;
                if (errno != EINTR)
                        return -errno;
        }
}

static int send_all(int fd, const char *data, size_t length)
{
        usec_t deadline_usec = deadline_after(VARLINK_FRAME_TIMEOUT_USEC);

        for (;;) {
                size_t sent;
                int r;

                r = frame_send(fd, data, length, &sent);
                if (r < 0)
                        return r == -EPIPE ? -ECONNRESET : r;
                data += sent;
                length -= sent;
                if (length == 0)
                        return 0;
                r = wait_for(fd, POLLOUT, deadline_usec);
                if (r < 0)
                        return r;
        }
}

int varlink_client_send(VarlinkClient *client, const char *method, struct json_object *parameters)
{
        _cleanup_json_ struct json_object *taken = parameters, *call = NULL;
        const char *text;
        size_t length;
        int r;

        if (client->dead)
                return -ENOTCONN;
        if (client->waiting)
                return -EBUSY;
        call = json_object_new_object();
        if (!call || json_add_string(call, "method", method) < 0 ||
            json_add(call, "parameters", TAKE_PTR(taken) ?: json_object_new_object()) < 0 ||
            json_format(call, &text, &length) < 0)
                return -ENOMEM;
        if (length > VARLINK_FRAME_MAX)
                return -EMSGSIZE;
        r = send_all(client->fd, text, length + 1);
        if (r < 0)
                client->dead = true;
        else
                client->waiting = true;
        return r;
}

/* Return: 0, VARLINK_E_ERROR, -EBADMSG, -ENOMEM. */
static int parse_reply(const char *frame, size_t length, VarlinkReply *ret)
{
        _cleanup_json_ struct json_object *object = NULL, *parameters = NULL;
        _cleanup_free_ char *error = NULL;
        Message message = {};
        int r;

        r = json_parse(frame, length, &object);
        if (r < 0)
                return r;
        r = json_dispatch(object, message_fields, &message, 0, NULL);
        if (r < 0)
                return r;
        /* Nobody asked for more. */
        if (message.continues)
                return -EBADMSG;
        if (message.error) {
                error = strdup(message.error);
                if (!error)
                        return -ENOMEM;
        }
        parameters = message.parameters ? json_object_get(message.parameters)
                                        : json_object_new_object();
        if (!parameters)
                return -ENOMEM;
        r = error ? VARLINK_E_ERROR : 0;
        *ret = (VarlinkReply){.error = TAKE_PTR(error), .parameters = TAKE_PTR(parameters)};
        return r;
}

/* Reads until a whole message is there. Return: 0, -ETIMEDOUT, -ECONNRESET, -EMSGSIZE, -errno. */
static int
receive_frame(VarlinkClient *client, usec_t deadline_usec, const char **ret, size_t *ret_length)
{
        for (;;) {
                int r;

                *ret = frame_reader_next(&client->input, ret_length);
                if (*ret)
                        return 0;
                r = frame_reader_receive(&client->input, client->fd);
                if (r == FRAME_E_END)
                        return -ECONNRESET;
                if (r == FRAME_E_NOTHING)
                        r = wait_for(client->fd, POLLIN, deadline_usec);
                if (r < 0)
                        return r;
        }
}

int varlink_client_receive(VarlinkClient *client, usec_t timeout_usec, VarlinkReply *ret)
{
        const char *frame;
        size_t length;
        int r;

        if (client->dead || !client->waiting)
                return -ENOTCONN;
        r = receive_frame(client, deadline_after(timeout_usec), &frame, &length);
        if (r == -ETIMEDOUT)
                return r;
        client->waiting = false;
        /* One call, one reply: what comes behind it belongs to nothing. */
        if (r == 0 && !frame_reader_is_empty(&client->input))
                r = -EBADMSG;
        if (r == 0)
                r = parse_reply(frame, length, ret);
        if (r < 0)
                client->dead = true;
        return r == -EMSGSIZE ? -EBADMSG : r;
}

int varlink_client_call(VarlinkClient *client,
                        const char *method,
                        struct json_object *parameters,
                        usec_t timeout_usec,
                        VarlinkReply *ret)
{
        int r;

        r = varlink_client_send(client, method, parameters);
        return r < 0 ? r : varlink_client_receive(client, timeout_usec, ret);
}
