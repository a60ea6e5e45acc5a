/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A varlink (varlink.org) service on a listening AF_UNIX socket: NUL-terminated JSON objects, each
 * method's parameters taken apart by a table before its handler sees them.
 *
 * org.varlink.service (GetInfo, GetInterfaceDescription) is answered here, from the IDL text of the
 * interface. oneway is honoured: the handler runs, its reply is dropped. more is honoured in that
 * one reply without "continues" follows; upgrade is refused with MethodNotImplemented. Unknown
 * interface, method and bad parameters get the standard errors. A peer that sends what is no call
 * is disconnected.
 *
 * Calls of one connection are answered in their order, and those of several connections in turn.
 * The server is not to be freed from within a handler or a callback. */

#include <systemd/sd-event.h>

#include "base/time-util.h"
#include "json/json.h"

typedef struct VarlinkServer VarlinkServer;
typedef struct VarlinkConnection VarlinkConnection;
typedef struct VarlinkCall VarlinkCall;

/* The standard errors (varlink.org/Service). The first four are given by the server itself. */
#define VARLINK_ERROR_INTERFACE_NOT_FOUND "org.varlink.service.InterfaceNotFound"
#define VARLINK_ERROR_METHOD_NOT_FOUND "org.varlink.service.MethodNotFound"
#define VARLINK_ERROR_METHOD_NOT_IMPLEMENTED "org.varlink.service.MethodNotImplemented"
#define VARLINK_ERROR_INVALID_PARAMETER "org.varlink.service.InvalidParameter"
#define VARLINK_ERROR_PERMISSION_DENIED "org.varlink.service.PermissionDenied"
#define VARLINK_ERROR_EXPECTED_MORE "org.varlink.service.ExpectedMore"

/* parameters: the struct that the method's table filled (zeros before), NULL when it has none; its
 * strings live until the handler returns. The handler replies exactly once, by one of the functions
 * below, before it returns.
 * Return: 0; -errno when there was no reply: the peer is disconnected then, and the error logged.
 */
typedef int (*varlink_handler_t)(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct VarlinkMethod {
        const char *name;        /* without the interface; NULL ends a table */
        const JsonField *fields; /* NULL: no parameters */
        size_t parameters_size;
        varlink_handler_t handle;
        unsigned doors; /* where it can be called, a set of bits; 0: everywhere */
} VarlinkMethod;

typedef struct VarlinkInterface {
        const char *name;        /* "io.acmeward.Signer" */
        const char *description; /* the IDL text, returned as it is */
        const VarlinkMethod *methods;
} VarlinkInterface;

/* Any of them may be NULL, and so may a pointer to all. */
typedef struct VarlinkServerCallbacks {
        /* A peer has come, or has gone; every connect has its disconnect. */
        void (*connected)(VarlinkConnection *connection, void *userdata);
        void (*disconnected)(VarlinkConnection *connection, void *userdata);
        /* A call was refused here, before any handler: for the audit trail. operation is what the
         * peer called, NULL when that is not known; it is the peer's text, up to VARLINK_NAME_MAX
         * bytes. reason is ours, what is foreign in it is escaped. Without this callback a warning
         * is logged. */
        void (*refused)(VarlinkConnection *connection,
                        const char *operation,
                        const char *reason,
                        void *userdata);
} VarlinkServerCallbacks;

/* listen_fd: a listening SOCK_STREAM socket, taken, also on failure. interface and callbacks are
 * borrowed and live as long as the server; so does userdata, handed to every handler and callback.
 * Return: 0, -errno. */
int varlink_server_new(sd_event *event,
                       int listen_fd,
                       const VarlinkInterface *interface,
                       const VarlinkServerCallbacks *callbacks,
                       void *userdata,
                       VarlinkServer **ret);
/* Which of a service's doors this one is, a single bit: of the methods that name doors, it has
 * those that name this one; the others are answered with VARLINK_ERROR_PERMISSION_DENIED. Without
 * this call it has them all. */
void varlink_server_set_door(VarlinkServer *server, unsigned door);

/* Disconnects everybody. */
void varlink_server_free(VarlinkServer *server);
DEFINE_CLEANUP(VarlinkServer *, varlink_server_free);

/* Another deadline than VARLINK_FRAME_TIMEOUT_USEC, for tests. */
void varlink_server_set_frame_timeout(VarlinkServer *server, usec_t timeout_usec);

/* The number of peers connected now; in disconnected(), of those that remain. */
size_t varlink_server_connections(const VarlinkServer *server);

/* Anything of the room's own that belongs to this peer; the room frees it in disconnected(). */
void varlink_connection_set_userdata(VarlinkConnection *connection, void *userdata);
void *varlink_connection_get_userdata(const VarlinkConnection *connection);

/* The peer's pid as the kernel told at connect: for the audit trail only, never for a decision. 0
 * when it is of another pid namespace. */
pid_t varlink_connection_peer_pid(const VarlinkConnection *connection);

/* The door that the peer came in by; 0 when its server has no number. */
unsigned varlink_connection_door(const VarlinkConnection *connection);

VarlinkConnection *varlink_call_connection(const VarlinkCall *call);

/* The method's name without its interface: what an audit entry calls the operation. */
const char *varlink_call_method(const VarlinkCall *call);

/* parameters is taken, also on failure; NULL is the empty object. A peer that has gone meanwhile is
 * no error. Return: 0; -EMSGSIZE when it is larger than VARLINK_FRAME_MAX; -ENOMEM. */
int varlink_reply(VarlinkCall *call, struct json_object *parameters);

/* error: "io.acmeward.Signer.NoAccount"; parameters and return as above. */
int varlink_error(VarlinkCall *call, const char *error, struct json_object *parameters);

/* As above, with one parameter that is a string. */
int varlink_error_string(VarlinkCall *call, const char *error, const char *name, const char *value);

/* org.varlink.service.InvalidParameter with the parameter's name. Return as above. */
int varlink_error_invalid_parameter(VarlinkCall *call, const char *parameter);

/* The listening sockets that PID 1 handed us: descriptors from the one that is returned on,
 * O_CLOEXEC, as many as n. Return: the first; -ENOTCONN when there are not n, or one is not a
 * listening AF_UNIX stream socket; -errno. */
int varlink_listen_fds(int n);
