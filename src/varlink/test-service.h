/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A service for the tests: an interface with a method for each thing a handler can do, and what it
 * has seen of its peers. */

#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/macro.h"
#include "varlink/varlink-client.h"
#include "varlink/varlink-limits.h"
#include "varlink/varlink-server.h"

#define TEST_INTERFACE "io.acmeward.Test"

typedef struct TestService {
        sd_event *event;
        VarlinkServer *server;
        struct sockaddr_un address;
        socklen_t address_length;
        size_t n_connected, n_disconnected, n_refused, n_handled;
        pid_t last_pid;
        char last_refusal[128];
        char last_operation[VARLINK_NAME_MAX + 1];
} TestService;

typedef struct EchoParameters {
        const char *text;
        int64_t times;
} EchoParameters;

static const JsonField echo_fields[] = {
                {"text", JSON_STRING, offsetof(EchoParameters, text), .flags = JSON_MANDATORY},
                {"times", JSON_INTEGER, offsetof(EchoParameters, times), 100},
                {},
};

static inline int handle_echo(VarlinkCall *call, const void *parameters, void *userdata)
{
        const EchoParameters *p = parameters;
        TestService *service = userdata;
        struct json_object *reply = json_object_new_object();

        service->n_handled++;
        if (json_add_string(reply, "text", p->text) < 0 ||
            json_add_string(reply, "method", varlink_call_method(call)) < 0) {
                json_object_put(reply);
                return -ENOMEM;
        }
        return varlink_reply(call, reply);
}

static inline int handle_nothing(VarlinkCall *call, const void *parameters, void *userdata)
{
        TestService *service = userdata;

        assert(!parameters);
        service->n_handled++;
        return varlink_reply(call, NULL);
}

static inline int
handle_refuse(VarlinkCall *call, const void *parameters _unused_, void *userdata _unused_)
{
        return varlink_error_string(call, TEST_INTERFACE ".Refused", "why", "because");
}

static inline int
handle_fail(VarlinkCall *call _unused_, const void *parameters _unused_, void *userdata _unused_)
{
        return -EIO;
}

/* A reply of size bytes of text. */
typedef struct LargeParameters {
        int64_t size;
} LargeParameters;

static const JsonField large_fields[] = {
                {"size",
                 JSON_INTEGER,
                 offsetof(LargeParameters, size),
                 1 << 20,
                 NULL,
                 JSON_MANDATORY},
                {},
};

static inline int handle_large(VarlinkCall *call, const void *parameters, void *userdata _unused_)
{
        const LargeParameters *p = parameters;
        struct json_object *reply = json_object_new_object();
        _cleanup_free_ char *text = malloc((size_t) p->size + 1);

        memset(text, 'x', (size_t) p->size);
        text[p->size] = '\0';
        if (json_add_string(reply, "text", text) < 0) {
                json_object_put(reply);
                return -ENOMEM;
        }
        return varlink_reply(call, reply);
}

static const VarlinkMethod test_methods[] = {
                {"Echo", echo_fields, sizeof(EchoParameters), handle_echo},
                {"Nothing", NULL, 0, handle_nothing},
                {"Refuse", NULL, 0, handle_refuse},
                {"Fail", NULL, 0, handle_fail},
                {"Large", large_fields, sizeof(LargeParameters), handle_large},
                {},
};

static const VarlinkInterface test_interface = {
                .name = TEST_INTERFACE,
                .description = "interface io.acmeward.Test\n\nmethod Nothing() -> ()\n",
                .methods = test_methods,
};

static inline void on_connected(VarlinkConnection *connection, void *userdata)
{
        TestService *service = userdata;

        service->n_connected++;
        service->last_pid = varlink_connection_peer_pid(connection);
        varlink_connection_set_userdata(connection, service);
}

static inline void on_disconnected(VarlinkConnection *connection, void *userdata)
{
        TestService *service = userdata;

        assert(varlink_connection_get_userdata(connection) == service);
        service->n_disconnected++;
}

static inline void on_refused(VarlinkConnection *connection _unused_,
                              const char *operation,
                              const char *reason,
                              void *userdata)
{
        TestService *service = userdata;

        service->n_refused++;
        snprintf(service->last_refusal, sizeof(service->last_refusal), "%s", reason);
        snprintf(service->last_operation,
                 sizeof(service->last_operation),
                 "%s",
                 operation ?: "(none)");
}

static const VarlinkServerCallbacks test_callbacks = {
                .connected = on_connected,
                .disconnected = on_disconnected,
                .refused = on_refused,
};

/* Listens on an abstract address of the kernel's choice: unix(7), "autobind". */
static inline int test_service_start(TestService *service)
{
        int fd, r;

        *service = (TestService){.address.sun_family = AF_UNIX};
        service->address_length = sizeof(service->address);
        r = sd_event_new(&service->event);
        if (r < 0)
                return r;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *) &service->address, sizeof(sa_family_t)) < 0 ||
            listen(fd, 64) < 0 ||
            getsockname(fd, (struct sockaddr *) &service->address, &service->address_length) < 0)
                return -errno;
        return varlink_server_new(service->event,
                                  fd,
                                  &test_interface,
                                  &test_callbacks,
                                  service,
                                  &service->server);
}

static inline void test_service_stop(TestService *service)
{
        varlink_server_free(service->server);
        sd_event_unref(service->event);
}

/* Runs the service until it has nothing to do now. Return: the number of events. */
static inline int test_service_run(TestService *service)
{
        int n = 0;

        while (sd_event_run(service->event, 0) > 0)
                n++;
        return n;
}

/* A peer's socket, non-blocking. */
static inline int test_service_connect(TestService *service)
{
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd >= 0 &&
            connect(fd, (struct sockaddr *) &service->address, service->address_length) < 0) {
                close(fd);
                return -errno;
        }
        return fd;
}
