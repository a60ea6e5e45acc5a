/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A varlink (varlink.org) service on a listening AF_UNIX socket: NUL-terminated JSON objects, each
 * method's parameters taken apart by a table before its handler sees them.
 *
 * org.varlink.service (GetInfo, GetInterfaceDescription) is answered here, from the IDL text of the
 * interface. oneway is honoured; more is honoured in that one reply without "continues" follows;
 * upgrade is refused. Unknown interface, method and bad parameters get the standard errors. A peer
 * that sends what is no call is disconnected. */

#include <systemd/sd-event.h>

#include "json/json.h"

typedef struct VarlinkServer VarlinkServer;
typedef struct VarlinkConnection VarlinkConnection;
typedef struct VarlinkCall VarlinkCall;

/* parameters: the struct that the method's table filled; its strings live until the handler
 * returns. The handler replies exactly once, by one of the functions below, before it returns.
 * Return: 0; -errno when there was no reply: the peer is disconnected then, and the error logged. */
typedef int (*varlink_handler_t)(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct VarlinkMethod {
        const char *name;        /* without the interface; NULL ends a table */
        const JsonField *fields; /* NULL: no parameters */
        size_t parameters_size;
        varlink_handler_t handle;
} VarlinkMethod;

typedef struct VarlinkInterface {
        const char *name;        /* "io.acmeward.Signer" */
        const char *description; /* the IDL text, returned as it is */
        const VarlinkMethod *methods;
} VarlinkInterface;

typedef struct VarlinkServerCallbacks {
        /* A peer has come, or has gone; every connect has its disconnect. May be NULL. */
        void (*connected)(VarlinkConnection *connection, void *userdata);
        void (*disconnected)(VarlinkConnection *connection, void *userdata);
} VarlinkServerCallbacks;

/* listen_fd: a listening SOCK_STREAM socket, taken. interface and callbacks are borrowed and live
 * as long as the server; so does userdata, handed to every handler. Return: 0, -errno. */
int varlink_server_new(sd_event *event,
                       int listen_fd,
                       const VarlinkInterface *interface,
                       const VarlinkServerCallbacks *callbacks,
                       void *userdata,
                       VarlinkServer **ret);
void varlink_server_free(VarlinkServer *server);
DEFINE_CLEANUP(VarlinkServer *, varlink_server_free);

/* The number of peers connected now. */
size_t varlink_server_connections(const VarlinkServer *server);

/* Anything of the room's own that belongs to this peer; the room frees it in disconnected(). */
void varlink_connection_set_userdata(VarlinkConnection *connection, void *userdata);
void *varlink_connection_get_userdata(const VarlinkConnection *connection);

/* The peer's pid as the kernel told at connect: for the audit trail only, never for a decision. */
pid_t varlink_connection_peer_pid(const VarlinkConnection *connection);

VarlinkConnection *varlink_call_connection(const VarlinkCall *call);

/* The method's name without its interface: what an audit entry calls the operation. */
const char *varlink_call_method(const VarlinkCall *call);

/* parameters is taken; NULL is the empty object. Return: 0, -errno. */
int varlink_reply(VarlinkCall *call, struct json_object *parameters);

/* error: "io.acmeward.Signer.NoAccount"; parameters as above. Return: 0, -errno. */
int varlink_error(VarlinkCall *call, const char *error, struct json_object *parameters);

/* org.varlink.service.InvalidParameter with the parameter's name. Return: 0, -errno. */
int varlink_error_invalid_parameter(VarlinkCall *call, const char *parameter);

/* The one listening socket that PID 1 handed us. Return: the descriptor, O_CLOEXEC; -ENOTCONN when
 * there is not exactly one, or it is not a listening AF_UNIX stream socket. */
int varlink_listen_fd(void);
