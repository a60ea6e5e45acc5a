/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The server against peers that send bytes, not calls. The tests run the event loop themselves,
 * between what the peer does. */

#include <poll.h>

#include "base/test.h"
#include "varlink/test-service.h"

/* Short enough for a test, and never waited for in one that does not expect it. */
#define TEST_TIMEOUT_USEC (5 * USEC_PER_MSEC)

static int setup(void **state)
{
        TestService *service = calloc(1, sizeof(*service));

        assert_int_equal(test_service_start(service), 0);
        *state = service;
        return 0;
}

static int teardown(void **state)
{
        TestService *service = *state;

        test_service_stop(service);
        assert_int_equal(service->n_connected, service->n_disconnected);
        free(service);
        return 0;
}

static int peer(TestService *service)
{
        int fd = test_service_connect(service);

        assert_true(fd >= 0);
        test_service_run(service);
        return fd;
}

static void put(TestService *service, int fd, const char *data, size_t length)
{
        assert_int_equal(send(fd, data, length, MSG_NOSIGNAL), length);
        test_service_run(service);
}

/* A call, with its NUL. */
static void call(TestService *service, int fd, const char *text)
{
        put(service, fd, text, strlen(text) + 1);
}

static bool is_closed(int fd)
{
        char c;
        ssize_t n = recv(fd, &c, 1, MSG_PEEK);

        return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* All that the server has sent, NULs made newlines. */
static void assert_received(int fd, const char *expected)
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

static void test_call__answers(void **state)
{
        static const char *const rows[][2] = {
                        {ECHO("hello"), ECHOED("hello")},
                        {" { \"parameters\" : { \"text\" : \"\" } , \"method\" : "
                         "\"io.acmeward.Test.Echo\" } ",
                         ECHOED("")},
                        {ECHO("a/b\\u00fc"), ECHOED("a/b\xc3\xbc")},
                        {NOTHING, "{\"parameters\":{}}\n"},
                        {"{\"method\":\"io.acmeward.Test.Nothing\",\"parameters\":{}}",
                         "{\"parameters\":{}}\n"},
                        {"{\"method\":\"io.acmeward.Test.Nothing\",\"parameters\":null,\"more\":"
                         "false}",
                         "{\"parameters\":{}}\n"},
                        {"{\"method\":\"io.acmeward.Test.Nothing\",\"more\":true}",
                         "{\"parameters\":{}}\n"},
                        {"{\"method\":\"io.acmeward.Test.Refuse\"}",
                         "{\"error\":\"io.acmeward.Test.Refused\",\"parameters\":{\"why\":"
                         "\"because\"}}"
                         "\n"},
        };
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                call(service, fd, rows[i][0]);
                assert_received(fd, rows[i][1]);
        }
        assert_int_equal(service->n_refused, 0);
}

static void test_call__standard_errors(void **state)
{
        static const char *const rows[][3] = {
                        {"{\"method\":\"io.acmeward.Other.Echo\"}",
                         ERROR("InterfaceNotFound", "interface", "io.acmeward.Other"),
                         "io.acmeward.Other.Echo"},
                        {"{\"method\":\"io.acmeward.Test2.Echo\"}",
                         ERROR("InterfaceNotFound", "interface", "io.acmeward.Test2"),
                         "io.acmeward.Test2.Echo"},
                        {"{\"method\":\"Echo\"}",
                         ERROR("InterfaceNotFound", "interface", "Echo"),
                         "Echo"},
                        {"{\"method\":\"\"}", ERROR("InterfaceNotFound", "interface", ""), ""},
                        {"{\"method\":\".Echo\"}",
                         ERROR("InterfaceNotFound", "interface", ""),
                         ".Echo"},
                        {"{\"method\":\"io.acmeward.Test.Ech\"}",
                         ERROR("MethodNotFound", "method", "io.acmeward.Test.Ech"),
                         "io.acmeward.Test.Ech"},
                        {"{\"method\":\"io.acmeward.Test.echo\"}",
                         ERROR("MethodNotFound", "method", "io.acmeward.Test.echo"),
                         "io.acmeward.Test.echo"},
                        {"{\"method\":\"io.acmeward.Test.\"}",
                         ERROR("MethodNotFound", "method", "io.acmeward.Test."),
                         "io.acmeward.Test."},
                        {"{\"method\":\"io.acmeward.Test.Nothing\",\"upgrade\":true}",
                         ERROR("MethodNotImplemented", "method", "io.acmeward.Test.Nothing"),
                         "io.acmeward.Test.Nothing"},
                        {"{\"method\":\"io.acmeward.Test.Echo\"}",
                         ERROR("InvalidParameter", "parameter", "text"),
                         "io.acmeward.Test.Echo"},
                        {"{\"method\":\"io.acmeward.Test.Echo\",\"parameters\":{\"text\":1}}",
                         ERROR("InvalidParameter", "parameter", "text"),
                         "io.acmeward.Test.Echo"},
                        {"{\"method\":\"io.acmeward.Test.Echo\",\"parameters\":{\"text\":\"\","
                         "\"x\":1}}",
                         ERROR("InvalidParameter", "parameter", "x"),
                         "io.acmeward.Test.Echo"},
                        {"{\"method\":\"io.acmeward.Test.Nothing\",\"parameters\":{\"x\":1}}",
                         ERROR("InvalidParameter", "parameter", "x"),
                         "io.acmeward.Test.Nothing"},
        };
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                call(service, fd, rows[i][0]);
                assert_received(fd, rows[i][1]);
                assert_int_equal(service->n_refused, i + 1);
                assert_string_equal(service->last_operation, rows[i][2]);
        }
        /* The connection has lived through all of them. */
        call(service, fd, ECHO("still"));
        assert_received(fd, ECHOED("still"));
        assert_int_equal(service->n_handled, 1);
}

static void test_call__refusal_names_the_parameter(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        call(service, fd, ECHO("x\",\"\\u001b[1m\":\""));
        assert_received(fd, ERROR("InvalidParameter", "parameter", "\\u001b[1m"));
        assert_string_equal(service->last_refusal,
                            "the parameter \\x1b[1m is missing, unknown or not allowed");
}

static void test_call__what_is_no_call_ends_the_connection(void **state)
{
        static const char *const rows[] = {
                        "",
                        " ",
                        "null",
                        "true",
                        "[]",
                        "\"method\"",
                        "{}",
                        "{\"method\":1}",
                        "{\"method\":null}",
                        "{\"method\":[\"io.acmeward.Test.Nothing\"]}",
                        "{\"parameters\":{}}",
                        "{\"method\":\"io.acmeward.Test.Nothing\"",
                        "{\"method\":\"io.acmeward.Test.Nothing\"} x",
                        "{\"method\":\"io.acmeward.Test.Nothing\"}{}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"method\":\"io.acmeward.Test."
                        "Nothing\"}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"\\u006dethod\":\"x\"}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"extra\":1}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"Oneway\":true}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"oneway\":1}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"more\":\"yes\"}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"upgrade\":0}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"parameters\":[]}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"parameters\":\"\"}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"oneway\":true,\"more\":true}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"oneway\":true,\"upgrade\":"
                        "true}",
                        "{\"method\":\"io.acmeward.Test.Nothing\\u0000\"}",
                        "{\"method\":\"io.acmeward.Test.Nothing\xff\"}",
                        "{\"method\":\"io.acmeward.Test.Echo\",\"parameters\":{\"text\":\"a\","
                        "\"text\":1}}",
                        "[[[[[[[[[[[[[[[[[[[[[[[[",
                        "GET / HTTP/1.1\r\n\r\n",
                        "\x16\x03\x01",
        };
        TestService *service = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_close_ int fd = peer(service);

                call(service, fd, rows[i]);
                assert_row(rows[i], is_closed(fd));
                assert_row(rows[i], service->n_refused == i + 1);
                assert_row(rows[i], varlink_server_connections(service->server) == 0);
        }
        assert_int_equal(service->n_handled, 0);
        assert_string_equal(service->last_refusal, "the message is no call");
}

static void test_call__method_name_too_long(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        _cleanup_free_ char *text = NULL;
        char name[VARLINK_NAME_MAX + 2] = {};

        memset(name, 'a', VARLINK_NAME_MAX);
        assert_true(asprintf(&text, "{\"method\":\"%s\"}", name) > 0);
        call(service, fd, text);
        assert_false(is_closed(fd));
        name[VARLINK_NAME_MAX] = 'a';
        free(text);
        assert_true(asprintf(&text, "{\"method\":\"%s\"}", name) > 0);
        call(service, fd, text);
        assert_int_equal(varlink_server_connections(service->server), 0);
}

static void test_call__oneway_is_not_answered(void **state)
{
        static const char *const rows[] = {
                        ECHO_WITH("a", ",\"oneway\":true"),
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"oneway\":true}",
                        "{\"method\":\"io.acmeward.Test.Refuse\",\"oneway\":true}",
                        "{\"method\":\"io.acmeward.Test.Missing\",\"oneway\":true}",
                        "{\"method\":\"io.acmeward.Test.Echo\",\"oneway\":true}",
                        "{\"method\":\"org.varlink.service.GetInfo\",\"oneway\":true}",
        };
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                call(service, fd, rows[i]);
        assert_int_equal(service->n_handled, 2);
        call(service, fd, ECHO("next"));
        assert_received(fd, ECHOED("next"));
}

static void test_call__several_in_one_write_are_answered_in_order(void **state)
{
        static const char calls[] = ECHO("1") "\0" ECHO("2") "\0" NOTHING "\0" ECHO("3");
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        put(service, fd, calls, sizeof(calls));
        assert_received(fd, ECHOED("1") ECHOED("2") "{\"parameters\":{}}\n" ECHOED("3"));
}

static void test_call__byte_by_byte(void **state)
{
        static const char text[] = ECHO("slow");
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        for (size_t i = 0; i < sizeof(text); i++) {
                assert_received(fd, "");
                put(service, fd, &text[i], 1);
        }
        assert_received(fd, ECHOED("slow"));
}

static void test_call__answered_after_a_half_close(void **state)
{
        static const char calls[] = ECHO("1") "\0" ECHO("2") "\0half";
        TestService *service = *state;
        _cleanup_close_ int fd = test_service_connect(service);

        assert_int_equal(send(fd, calls, sizeof(calls) - 1, 0), sizeof(calls) - 1);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        test_service_run(service);
        assert_received(fd, ECHOED("1") ECHOED("2"));
        assert_true(is_closed(fd));
        assert_int_equal(service->n_disconnected, 1);
}

static void test_call__handler_without_an_answer_ends_the_connection(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        log_set_target(LOG_TARGET_STDERR);
        call(service, fd, "{\"method\":\"io.acmeward.Test.Fail\"}");
        assert_true(is_closed(fd));
}

static void test_service__info_and_description(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        _cleanup_json_ struct json_object *reply = NULL;
        struct json_object *parameters, *value;
        char buffer[4096];
        ssize_t n;

        call(service, fd, "{\"method\":\"org.varlink.service.GetInfo\",\"parameters\":{}}");
        n = recv(fd, buffer, sizeof(buffer), 0);
        assert_true(n > 1);
        assert_int_equal(json_parse(buffer, (size_t) n - 1, &reply), 0);
        assert_true(json_object_object_get_ex(reply, "parameters", &parameters));
        assert_int_equal(json_object_object_length(parameters), 5);
        assert_true(json_object_object_get_ex(parameters, "url", &value));
        assert_non_null(startswith(json_object_get_string(value), "https://"));
        assert_true(json_object_object_get_ex(parameters, "interfaces", &value));
        assert_string_equal(json_object_get_string(json_object_array_get_idx(value, 0)),
                            TEST_INTERFACE);

        call(service,
             fd,
             "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
             "\"parameters\":{\"interface\":\"io.acmeward.Test\"}}");
        assert_received(fd,
                        "{\"parameters\":{\"description\":\"interface io.acmeward.Test\\n\\n"
                        "method Nothing() -> ()\\n\"}}\n");
        call(service,
             fd,
             "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
             "\"parameters\":{\"interface\":\"io.acmeward.Other\"}}");
        assert_received(fd, ERROR("InterfaceNotFound", "interface", "io.acmeward.Other"));
        call(service,
             fd,
             "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
             "\"parameters\":{\"interface\":\"org.varlink.service\"}}");
        n = recv(fd, buffer, sizeof(buffer), 0);
        assert_true(n > 0 && strstr(buffer, "error PermissionDenied()"));
}

static void test_connection__large_call_and_reply(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        _cleanup_free_ char *data = malloc(VARLINK_FRAME_MAX + 1), *reply = NULL;
        size_t head, n = 0;

        /* As large as a message may be. */
        strcpy(data, "{\"method\":\"io.acmeward.Test.Large\",\"parameters\":{\"size\":131000}}");
        head = strlen(data);
        memset(data + head, ' ', VARLINK_FRAME_MAX - head);
        data[VARLINK_FRAME_MAX] = '\0';
        put(service, fd, data, VARLINK_FRAME_MAX + 1);
        reply = malloc(VARLINK_FRAME_MAX + 1);
        for (ssize_t part; (part = recv(fd, reply + n, VARLINK_FRAME_MAX + 1 - n, 0)) > 0;) {
                n += (size_t) part;
                test_service_run(service);
        }
        assert_true(n > 131000);
        assert_int_equal(reply[n - 1], 0);
        assert_int_equal(service->n_refused, 0);
}

static void test_connection__message_too_large(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        _cleanup_free_ char *data = malloc(VARLINK_FRAME_MAX + 1);

        memset(data, ' ', VARLINK_FRAME_MAX + 1);
        put(service, fd, data, VARLINK_FRAME_MAX + 1);
        assert_true(is_closed(fd));
        assert_string_equal(service->last_refusal, "the message is too large");
        assert_string_equal(service->last_operation, "(none)");
}

static void test_connection__reply_too_large(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        log_set_target(LOG_TARGET_STDERR);
        call(service,
             fd,
             "{\"method\":\"io.acmeward.Test.Large\",\"parameters\":{\"size\":131072}}");
        assert_true(is_closed(fd));
}

/* Runs the loop until the peer has been disconnected; the deadline of the test harness is the
 * limit. */
static void run_until_disconnected(TestService *service, size_t n)
{
        while (service->n_disconnected < n)
                assert_true(sd_event_run(service->event, UINT64_MAX) >= 0);
}

static void test_connection__begun_message_has_a_deadline(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int half = -EBADF, idle = -EBADF, used = -EBADF;

        varlink_server_set_frame_timeout(service->server, TEST_TIMEOUT_USEC);
        half = peer(service);
        idle = peer(service);
        used = peer(service);
        call(service, used, ECHO("1"));
        assert_received(used, ECHOED("1"));
        put(service, half, "{\"method\"", 9);
        run_until_disconnected(service, 1);
        assert_true(is_closed(half));
        assert_string_equal(service->last_refusal, "the message did not end in time");

        /* Who is idle is not disturbed. */
        call(service, idle, ECHO("2"));
        assert_received(idle, ECHOED("2"));
        call(service, used, ECHO("3"));
        assert_received(used, ECHOED("3"));
}

static void test_connection__trickle_does_not_move_the_deadline(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = -EBADF;
        usec_t begin_usec;

        varlink_server_set_frame_timeout(service->server, TEST_TIMEOUT_USEC);
        fd = peer(service);
        begin_usec = now_monotonic();
        while (service->n_disconnected == 0) {
                (void) send(fd, " ", 1, MSG_NOSIGNAL);
                assert_true(sd_event_run(service->event, UINT64_MAX) >= 0);
        }
        assert_true(now_monotonic() - begin_usec >= TEST_TIMEOUT_USEC);
}

static void test_connection__finished_message_stops_the_deadline(void **state)
{
        static const char text[] = ECHO("x");
        TestService *service = *state;
        _cleanup_close_ int fd = -EBADF;

        varlink_server_set_frame_timeout(service->server, TEST_TIMEOUT_USEC);
        fd = peer(service);
        for (unsigned i = 0; i < 3; i++) {
                put(service, fd, text, 10);
                put(service, fd, text + 10, sizeof(text) - 10);
                assert_received(fd, ECHOED("x"));
        }
        /* Past the deadline, nothing is left to happen. */
        assert_int_equal(sd_event_run(service->event, 4 * TEST_TIMEOUT_USEC), 0);
        assert_int_equal(service->n_disconnected, 0);
}

static void test_connection__peer_that_does_not_read(void **state)
{
        static const char text[] =
                        "{\"method\":\"io.acmeward.Test.Large\",\"parameters\":{\"size\":130000}}";
        TestService *service = *state;
        _cleanup_close_ int fd = -EBADF, other = -EBADF;
        size_t taken = 0;

        varlink_server_set_frame_timeout(service->server, TEST_TIMEOUT_USEC);
        fd = peer(service);
        other = peer(service);
        /* It asks and asks; when a reply does not fit, its calls are no longer read. */
        while (send(fd, text, sizeof(text), MSG_NOSIGNAL) == sizeof(text) && taken++ < 100000 &&
               service->n_disconnected == 0)
                assert_true(sd_event_run(service->event, 0) >= 0);
        assert_true(taken < 100000);
        call(service, other, ECHO("alive"));
        assert_received(other, ECHOED("alive"));
        run_until_disconnected(service, 1);
        assert_string_equal(service->last_refusal, "the reply was not read in time");
        assert_int_equal(varlink_server_connections(service->server), 1);
}

static void test_connection__peer_that_reads_late(void **state)
{
        static const char text[] =
                        "{\"method\":\"io.acmeward.Test.Large\",\"parameters\":{\"size\":130000}}";
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        _cleanup_free_ char *buffer = malloc(65536);
        size_t nuls = 0;

        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(send(fd, text, sizeof(text), MSG_NOSIGNAL), sizeof(text));
        test_service_run(service);
        for (;;) {
                ssize_t n = recv(fd, buffer, 65536, 0);

                if (n <= 0)
                        break;
                for (ssize_t i = 0; i < n; i++)
                        nuls += buffer[i] == '\0';
                test_service_run(service);
        }
        assert_int_equal(nuls, 10);
}

static void test_connection__peer_that_goes(void **state)
{
        static const char pipelined[] = NOTHING "\0" NOTHING "\0" NOTHING;
        static const char large[] =
                        "{\"method\":\"io.acmeward.Test.Large\",\"parameters\":{\"size\":130000}}";
        TestService *service = *state;
        int fd;

        /* While idle. */
        fd = peer(service);
        close(fd);
        test_service_run(service);
        assert_int_equal(service->n_disconnected, 1);

        /* In the middle of a message. */
        fd = peer(service);
        put(service, fd, "{\"meth", 6);
        close(fd);
        test_service_run(service);
        assert_int_equal(service->n_disconnected, 2);

        /* Before its answers. */
        fd = test_service_connect(service);
        assert_int_equal(send(fd, pipelined, sizeof(pipelined), 0), sizeof(pipelined));
        close(fd);
        test_service_run(service);
        assert_int_equal(service->n_disconnected, 3);

        /* With an answer half sent. */
        fd = peer(service);
        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(send(fd, large, sizeof(large), MSG_NOSIGNAL), sizeof(large));
        test_service_run(service);
        assert_int_equal(service->n_disconnected, 3);
        close(fd);
        test_service_run(service);
        assert_int_equal(service->n_disconnected, 4);
        assert_int_equal(service->n_refused, 0);
}

static void test_connection__passed_descriptors_are_dropped(void **state)
{
        static char text[] = ECHO("fd");
        union {
                char buffer[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control = {};
        struct iovec iov = {text, sizeof(text)};
        struct msghdr message = {
                        .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = control.buffer,
                        .msg_controllen = sizeof(control.buffer),
        };
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        struct pollfd p = {.events = POLLIN};
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        int pipe_fds[2];

        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &pipe_fds[1], sizeof(int));
        assert_int_equal(sendmsg(fd, &message, MSG_NOSIGNAL), sizeof(text));
        test_service_run(service);
        assert_received(fd, ECHOED("fd"));

        /* Nobody holds the pipe's other end any more. */
        close(pipe_fds[1]);
        p.fd = pipe_fds[0];
        assert_int_equal(poll(&p, 1, 0), 1);
        assert_true(p.revents & POLLHUP);
        close(pipe_fds[0]);
}

static void test_server__stops_accepting_when_full(void **state)
{
        TestService *service = *state;
        int fds[VARLINK_CONNECTIONS_MAX + 3];

        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                fds[i] = test_service_connect(service);
                assert_true(fds[i] >= 0);
        }
        test_service_run(service);
        assert_int_equal(varlink_server_connections(service->server), VARLINK_CONNECTIONS_MAX);

        /* The next one is served when one goes, and not before. */
        call(service, fds[VARLINK_CONNECTIONS_MAX], ECHO("waited"));
        assert_received(fds[VARLINK_CONNECTIONS_MAX], "");
        call(service, fds[0], ECHO("first"));
        assert_received(fds[0], ECHOED("first"));
        close(fds[0]);
        test_service_run(service);
        assert_received(fds[VARLINK_CONNECTIONS_MAX], ECHOED("waited"));
        assert_int_equal(varlink_server_connections(service->server), VARLINK_CONNECTIONS_MAX);

        for (size_t i = 1; i < ELEMENTSOF(fds); i++)
                close(fds[i]);
        test_service_run(service);
        assert_int_equal(service->n_disconnected, ELEMENTSOF(fds));
}

static void test_server__connections_take_turns(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int greedy = peer(service), modest = peer(service);
        _cleanup_free_ char *calls = calloc(100, sizeof(NOTHING));

        for (unsigned i = 0; i < 100; i++)
                strcpy(calls + i * sizeof(NOTHING), NOTHING);
        assert_int_equal(send(greedy, calls, 100 * sizeof(NOTHING), 0), 100 * sizeof(NOTHING));
        assert_int_equal(sd_event_run(service->event, 0), 1);
        assert_int_equal(send(modest, NOTHING, sizeof(NOTHING), 0), sizeof(NOTHING));
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(sd_event_run(service->event, 0), 1);
        assert_received(modest, "{\"parameters\":{}}\n");
        assert_true(service->n_handled < 10);
        test_service_run(service);
        assert_int_equal(service->n_handled, 101);
}

static void test_server_free__disconnects_everybody(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int a = peer(service), b = peer(service);

        put(service, a, "half", 4);
        varlink_server_free(service->server);
        service->server = NULL;
        assert_int_equal(service->n_disconnected, 2);
        assert_true(is_closed(a));
        assert_true(is_closed(b));
}

static void test_varlink_connection__peer_pid(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        /* The other end is in this process. */
        assert_true(fd >= 0);
        assert_int_equal(service->last_pid, getpid());
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test(test_call__answers),
                        test(test_call__standard_errors),
                        test(test_call__refusal_names_the_parameter),
                        test(test_call__what_is_no_call_ends_the_connection),
                        test(test_call__method_name_too_long),
                        test(test_call__oneway_is_not_answered),
                        test(test_call__several_in_one_write_are_answered_in_order),
                        test(test_call__byte_by_byte),
                        test(test_call__answered_after_a_half_close),
                        test(test_call__handler_without_an_answer_ends_the_connection),
                        test(test_service__info_and_description),
                        test(test_connection__large_call_and_reply),
                        test(test_connection__message_too_large),
                        test(test_connection__reply_too_large),
                        test(test_connection__begun_message_has_a_deadline),
                        test(test_connection__trickle_does_not_move_the_deadline),
                        test(test_connection__finished_message_stops_the_deadline),
                        test(test_connection__peer_that_does_not_read),
                        test(test_connection__peer_that_reads_late),
                        test(test_connection__peer_that_goes),
                        test(test_connection__passed_descriptors_are_dropped),
                        test(test_server__stops_accepting_when_full),
                        test(test_server__connections_take_turns),
                        test(test_server_free__disconnects_everybody),
                        test(test_varlink_connection__peer_pid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
