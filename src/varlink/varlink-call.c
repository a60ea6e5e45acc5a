/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One call, from message to reply (varlink.org/Wire-Protocol). The message is hostile: it must be
 * one JSON object with the members below and no others, the method one that the interface's table
 * names, and the parameters what that method's table allows. Only then does a handler run. */

#include "base/escape.h"
#include "varlink/varlink-internal.h"
#include "varlink/varlink-limits.h"

/* Ours are shorter. */
#define PARAMETER_NAME_SHOWN_MAX 64U

struct VarlinkCall {
        VarlinkConnection *connection;
        const char *method; /* without the interface */
        bool oneway;
        bool replied;
};

/* A message's members. */
typedef struct Message {
        const char *method;
        struct json_object *parameters;
        bool oneway;
        bool more;
        bool upgrade;
} Message;

static const JsonField message_fields[] = {
                {"method",
                 JSON_STRING,
                 offsetof(Message, method),
                 VARLINK_NAME_MAX,
                 NULL,
                 JSON_MANDATORY},
                {"parameters", JSON_OBJECT, offsetof(Message, parameters), .flags = JSON_NULLABLE},
                {"oneway", JSON_BOOLEAN, offsetof(Message, oneway), .flags = JSON_NULLABLE},
                {"more", JSON_BOOLEAN, offsetof(Message, more), .flags = JSON_NULLABLE},
                {"upgrade", JSON_BOOLEAN, offsetof(Message, upgrade), .flags = JSON_NULLABLE},
                {},
};

VarlinkConnection *varlink_call_connection(const VarlinkCall *call)
{
        return call->connection;
}

const char *varlink_call_method(const VarlinkCall *call)
{
        return call->method;
}

/* Sends {"error": error, "parameters": parameters}; error may be NULL, parameters is taken.
 * Return: 0, -EMSGSIZE, -ENOMEM. */
static int
format_and_send(VarlinkConnection *connection, const char *error, struct json_object *parameters)
{
        _cleanup_json_ struct json_object *taken = parameters, *reply = NULL;
        const char *text;
        size_t length;

        reply = json_object_new_object();
        if (!reply)
                return -ENOMEM;
        if (error && json_add_string(reply, "error", error) < 0)
                return -ENOMEM;
        if (json_add(reply, "parameters", TAKE_PTR(taken) ?: json_object_new_object()) < 0)
                return -ENOMEM;
        if (json_format(reply, &text, &length) < 0)
                return -ENOMEM;
        if (length > VARLINK_FRAME_MAX)
                return -EMSGSIZE;
        /* The text's own NUL ends the message. */
        return connection_send(connection, text, length + 1);
}

static int send_reply(VarlinkCall *call, const char *error, struct json_object *parameters)
{
        int r;

        assert(!call->replied);
        call->replied = true;
        if (call->oneway) {
                json_object_put(parameters);
                return 0;
        }
        r = format_and_send(call->connection, error, parameters);
        /* The peer would wait for ever, whatever the handler makes of this. */
        if (r < 0)
                call->connection->dead = true;
        return r;
}

int varlink_reply(VarlinkCall *call, struct json_object *parameters)
{
        return send_reply(call, NULL, parameters);
}

int varlink_error(VarlinkCall *call, const char *error, struct json_object *parameters)
{
        assert(error);
        return send_reply(call, error, parameters);
}

int varlink_error_string(VarlinkCall *call, const char *error, const char *name, const char *value)
{
        _cleanup_json_ struct json_object *parameters = NULL;

        parameters = json_object_new_object();
        if (!parameters || json_add_string(parameters, name, value) < 0)
                return -ENOMEM;
        return varlink_error(call, error, TAKE_PTR(parameters));
}

int varlink_error_invalid_parameter(VarlinkCall *call, const char *parameter)
{
        return varlink_error_string(call, VARLINK_ERROR_INVALID_PARAMETER, "parameter", parameter);
}

/* An unknown parameter's name is the peer's. */
static int refuse_parameter(VarlinkCall *call, const Message *message, const char *name)
{
        _cleanup_free_ char *shown = NULL, *reason = NULL;

        shown = escape_foreign(name, strlen(name), PARAMETER_NAME_SHOWN_MAX);
        if (!shown ||
            asprintf(&reason, "the parameter %s is missing, unknown or not allowed", shown) < 0)
                return -ENOMEM;
        connection_refused(call->connection, message->method, reason);
        return varlink_error_invalid_parameter(call, name);
}

/* Runs the method's handler on its parameters. */
static int
call_method(VarlinkCall *call, const VarlinkMethod *method, const Message *message, void *userdata)
{
        static const JsonField none[] = {{}};
        _cleanup_json_ struct json_object *empty = NULL;
        _cleanup_free_ void *target = NULL;
        const char *bad = NULL;
        int r;

        if (!message->parameters) {
                empty = json_object_new_object();
                if (!empty)
                        return -ENOMEM;
        }
        if (method->parameters_size > 0) {
                target = calloc(1, method->parameters_size);
                if (!target)
                        return -ENOMEM;
        }
        r = json_dispatch(message->parameters ?: empty, method->fields ?: none, target, 0, &bad);
        if (r == -EBADMSG)
                return refuse_parameter(call, message, bad);
        r = method->handle(call, target, userdata);
        assert(r < 0 || call->replied);
        return r;
}

static const VarlinkMethod *find_method(const VarlinkInterface *interface, const char *name)
{
        for (const VarlinkMethod *m = interface->methods; m->name; m++)
                if (streq(m->name, name))
                        return m;
        return NULL;
}

static bool is_interface(const char *name, size_t length, const VarlinkInterface *interface)
{
        return strlen(interface->name) == length && memcmp(interface->name, name, length) == 0;
}

/* Finds the interface of "interface.Method", and the userdata for its handlers. */
static const VarlinkInterface *
find_interface(VarlinkServer *server, const char *name, size_t length, void **ret_userdata)
{
        if (is_interface(name, length, server->interface)) {
                *ret_userdata = server->userdata;
                return server->interface;
        }
        if (is_interface(name, length, &varlink_service_interface)) {
                *ret_userdata = server;
                return &varlink_service_interface;
        }
        return NULL;
}

static int refuse(VarlinkCall *call,
                  const Message *message,
                  const char *reason,
                  const char *error,
                  const char *parameter,
                  const char *value)
{
        connection_refused(call->connection, message->method, reason);
        return varlink_error_string(call, error, parameter, value);
}

static int dispatch(VarlinkCall *call, const Message *message)
{
        const char *dot = strrchr(message->method, '.');
        const unsigned connection_door = call->connection->server->door;
        const VarlinkInterface *interface = NULL;
        const VarlinkMethod *method;
        void *userdata = NULL;

        if (dot)
                interface = find_interface(call->connection->server,
                                           message->method,
                                           (size_t) (dot - message->method),
                                           &userdata);
        if (!interface) {
                _cleanup_free_ char *name = NULL;

                name = strndup(message->method,
                               dot ? (size_t) (dot - message->method) : VARLINK_NAME_MAX);
                if (!name)
                        return -ENOMEM;
                return refuse(call,
                              message,
                              "there is no such interface",
                              VARLINK_ERROR_INTERFACE_NOT_FOUND,
                              "interface",
                              name);
        }
        method = find_method(interface, dot + 1);
        if (!method)
                return refuse(call,
                              message,
                              "there is no such method",
                              VARLINK_ERROR_METHOD_NOT_FOUND,
                              "method",
                              message->method);
        if (method->doors != 0 && connection_door != 0 && !(method->doors & connection_door)) {
                connection_refused(call->connection, message->method, "not at this door");
                return varlink_error(call, VARLINK_ERROR_PERMISSION_DENIED, NULL);
        }
        if (message->upgrade)
                return refuse(call,
                              message,
                              "the connection cannot be upgraded",
                              VARLINK_ERROR_METHOD_NOT_IMPLEMENTED,
                              "method",
                              message->method);
        call->method = method->name;
        return call_method(call, method, message, userdata);
}

int call_handle(VarlinkConnection *connection, const char *frame, size_t length)
{
        _cleanup_json_ struct json_object *object = NULL;
        Message message = {};
        VarlinkCall call;
        int r;

        r = json_parse(frame, length, &object);
        if (r < 0)
                return r;
        r = json_dispatch(object, message_fields, &message, 0, NULL);
        if (r < 0)
                return r;
        /* Whoever wants no reply cannot want many, or another protocol after it. */
        if (message.oneway && (message.more || message.upgrade))
                return -EBADMSG;
        call = (VarlinkCall){.connection = connection, .oneway = message.oneway};
        r = dispatch(&call, &message);
        return r == -EBADMSG ? -EPROTO : r;
}
