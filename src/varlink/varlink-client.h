/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A caller's end of a varlink connection: one call at a time, in two halves for who has something
 * better to do than to wait in between. */

#include "base/time-util.h"
#include "json/json.h"

typedef struct VarlinkClient VarlinkClient;

/* Positive outcome of a call: the service answered with an error. */
enum {
        VARLINK_E_ERROR = 1,
};

typedef struct VarlinkReply {
        char *error; /* NULL, or the error's full name: letters, digits, '.', '-' and '_' only */
        struct json_object *parameters; /* never NULL after success */
} VarlinkReply;
void varlink_reply_done(VarlinkReply *reply);
#define _cleanup_varlink_reply_ _cleanup_(varlink_reply_done)

/* Return: 0, -errno (-ENOENT and -ECONNREFUSED: nobody is behind this door; -EAGAIN: too many are
 * in front of it). */
int varlink_client_connect(const char *path, VarlinkClient **ret);
void varlink_client_free(VarlinkClient *client);
DEFINE_CLEANUP(VarlinkClient *, varlink_client_free);

/* Becomes readable when varlink_client_receive() need not wait long; borrowed. */
int varlink_client_fd(const VarlinkClient *client);

/* method: the full name. parameters is taken, also on failure; NULL is the empty object.
 * Return: 0; -EMSGSIZE, and nothing was sent; -EBUSY when a reply has not been received yet;
 * -ETIMEDOUT when the service does not read; -errno. After any but the first two the connection is
 * dead. */
int varlink_client_send(VarlinkClient *client, const char *method, struct json_object *parameters);

/* The reply to the call sent before. Waits at most timeout_usec.
 * Return: 0; VARLINK_E_ERROR, ret is filled in all the same; -ETIMEDOUT, and it may be called
 * again; -ECONNRESET when the service went away; -EBADMSG when it is no reply; -errno. After these
 * the connection is dead, and every further use is -ENOTCONN. */
int varlink_client_receive(VarlinkClient *client, usec_t timeout_usec, VarlinkReply *ret);

/* Both. */
int varlink_client_call(VarlinkClient *client,
                        const char *method,
                        struct json_object *parameters,
                        usec_t timeout_usec,
                        VarlinkReply *ret);
