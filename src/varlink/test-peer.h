/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Peers of the test service that send bytes, not calls. The tests run the event loop themselves,
 * between what the peer does. */

#include "base/test.h"
#include "varlink/test-service.h"

static inline int setup(void **state)
{
        TestService *service = calloc(1, sizeof(*service));

        assert_int_equal(test_service_start(service), 0);
        *state = service;
        return 0;
}

static inline int teardown(void **state)
{
        TestService *service = *state;

        test_service_stop(service);
        assert_int_equal(service->n_connected, service->n_disconnected);
        free(service);
        return 0;
}

static inline int peer(TestService *service)
{
        int fd = test_service_connect(service);

        assert_true(fd >= 0);
        test_service_run(service);
        return fd;
}

static inline void put(TestService *service, int fd, const char *data, size_t length)
{
        assert_int_equal(send(fd, data, length, MSG_NOSIGNAL), length);
        test_service_run(service);
}

/* A call, with its NUL. */
static inline void call(TestService *service, int fd, const char *text)
{
        put(service, fd, text, strlen(text) + 1);
}

static inline bool is_closed(int fd)
{
        char c;
        ssize_t n = recv(fd, &c, 1, MSG_PEEK);

        return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* All that the server has sent, NULs made newlines. */
static inline void assert_received(int fd, const char *expected)
{
        char buffer[4096];
        ssize_t n = recv(fd, buffer, sizeof(buffer) - 1, 0);

        if (n < 0)
                n = 0;
        for (ssize_t i = 0; i < n; i++)
                if (buffer[i] == '\0')
                        buffer[i] = '\n';
        buffer[n] = '\0';
        assert_string_equal(buffer, expected);
}

#define ECHO_WITH(text, rest)                                                                      \
        "{\"method\":\"io.acmeward.Test.Echo\",\"parameters\":{\"text\":\"" text "\"}" rest "}"
#define ECHO(text) ECHO_WITH(text, "")
#define ECHOED(text) "{\"parameters\":{\"text\":\"" text "\",\"method\":\"Echo\"}}\n"
#define NOTHING "{\"method\":\"io.acmeward.Test.Nothing\"}"
#define ERROR(name, parameter, value)                                                              \
        "{\"error\":\"org.varlink.service." name "\",\"parameters\":{\"" parameter "\":\"" value   \
        "\"}}\n"

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
