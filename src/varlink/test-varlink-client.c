/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client, against a service that sends bytes, and against our own server. Both ends are in one
 * process: the call is sent, the other end acts, the reply is received. */

#include <sys/wait.h>

#include "base/test.h"
#include "varlink/test-service.h"

typedef struct Door {
        TestDirectory *directory;
        char path[96];
        int listen_fd;
        int service_fd; /* the service's end of the one connection */
        VarlinkClient *client;
} Door;

static int setup(void **state)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        Door *door = calloc(1, sizeof(*door));
        void *directory;

        assert_int_equal(test_directory_setup(&directory), 0);
        door->directory = directory;
        snprintf(door->path, sizeof(door->path), "%s/door", door->directory->path);
        strcpy(address.sun_path, door->path);
        door->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(door->listen_fd, (struct sockaddr *) &address, sizeof(address)), 0);
        assert_int_equal(listen(door->listen_fd, 1), 0);
        assert_int_equal(varlink_client_connect(door->path, &door->client), 0);
        door->service_fd = accept4(door->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        assert_true(door->service_fd >= 0);
        *state = door;
        return 0;
}

static int teardown(void **state)
{
        Door *door = *state;
        void *directory = door->directory;

        varlink_client_free(door->client);
        if (door->service_fd >= 0)
                close(door->service_fd);
        if (door->listen_fd >= 0)
                close(door->listen_fd);
        free(door);
        return test_directory_teardown(&directory);
}

static void answer(Door *door, const char *data, size_t length)
{
        assert_int_equal(send(door->service_fd, data, length, MSG_NOSIGNAL), length);
}

static void test_varlink_client_send__what_goes_out(void **state)
{
        Door *door = *state;
        struct json_object *parameters = json_object_new_object();
        char buffer[256];
        ssize_t n;

        assert_int_equal(json_add_string(parameters, "url", "https://a/b"), 0);
        assert_int_equal(varlink_client_send(door->client, "a.B", parameters), 0);
        n = recv(door->service_fd, buffer, sizeof(buffer), 0);
        assert_int_equal(n, strlen(buffer) + 1);
        assert_string_equal(buffer,
                            "{\"method\":\"a.B\",\"parameters\":{\"url\":\"https://a/b\"}}");
        /* One at a time. */
        assert_int_equal(varlink_client_send(door->client, "a.B", json_object_new_object()),
                         -EBUSY);
}

static void test_varlink_client_receive__replies(void **state)
{
        static const struct {
                const char *text;
                const char *error, *parameters;
        } rows[] = {
                        {"{}", NULL, "{}"},
                        {"{\"parameters\":{\"a\":1}}", NULL, "{\"a\":1}"},
                        {"{\"parameters\":null,\"error\":null,\"continues\":false}", NULL, "{}"},
                        {"{\"error\":\"a.B-c_9\"}", "a.B-c_9", "{}"},
                        {"{\"error\":\"a.B\",\"parameters\":{\"x\":[]}}", "a.B", "{\"x\":[]}"},
        };
        Door *door = *state;

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_varlink_reply_ VarlinkReply reply = {};
                const char *text;
                int r;

                assert_int_equal(varlink_client_send(door->client, "a.B", NULL), 0);
                answer(door, row->text, strlen(row->text) + 1);
                r = varlink_client_receive(door->client, 0, &reply);
                assert_row(row->text, r == (row->error ? VARLINK_E_ERROR : 0));
                assert_row(row->text, streq_ptr(reply.error, row->error));
                assert_int_equal(json_format(reply.parameters, &text, NULL), 0);
                assert_string_equal(text, row->parameters);
        }
}

static void test_varlink_client_receive__what_is_no_reply(void **state)
{
        static const struct {
                const char *text;
                size_t length;
        } rows[] = {
#define ROW(s) {s, sizeof(s)}
                        ROW(""),
                        ROW("null"),
                        ROW("[]"),
                        ROW("{\"parameters\":[]}"),
                        ROW("{\"parameters\":{},\"parameters\":{}}"),
                        ROW("{\"error\":1}"),
                        ROW("{\"error\":\"\"}"),
                        ROW("{\"error\":\"a b\"}"),
                        ROW("{\"error\":\"a\\n\"}"),
                        ROW("{\"error\":\"\\u001b[31m\"}"),
                        ROW("{\"method\":\"a.B\"}"),
                        ROW("{\"extra\":1}"),
                        ROW("{\"continues\":true}"),
                        ROW("{} x"),
                        /* A second one that nobody asked for. */
                        ROW("{}\0{}"),
                        ROW("{}\0x"),
#undef ROW
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                VarlinkReply reply = {};
                void *fresh;
                Door *door;

                assert_int_equal(setup(&fresh), 0);
                door = fresh;
                assert_int_equal(varlink_client_send(door->client, "a.B", NULL), 0);
                answer(door, rows[i].text, rows[i].length);
                assert_row(rows[i].text,
                           varlink_client_receive(door->client, 0, &reply) == -EBADMSG);
                assert_null(reply.parameters);
                assert_int_equal(varlink_client_send(door->client, "a.B", NULL), -ENOTCONN);
                assert_int_equal(varlink_client_receive(door->client, 0, &reply), -ENOTCONN);
                assert_int_equal(teardown(&fresh), 0);
        }
        (void) state;
}

static void test_varlink_client_receive__late_and_in_parts(void **state)
{
        Door *door = *state;
        _cleanup_varlink_reply_ VarlinkReply reply = {};

        assert_int_equal(varlink_client_send(door->client, "a.B", NULL), 0);
        assert_int_equal(varlink_client_receive(door->client, 0, &reply), -ETIMEDOUT);
        answer(door, "{\"para", 6);
        assert_int_equal(varlink_client_receive(door->client, 0, &reply), -ETIMEDOUT);
        assert_int_equal(varlink_client_receive(door->client, USEC_PER_MSEC, &reply), -ETIMEDOUT);
        answer(door, "meters\":{}}", 12);
        assert_int_equal(varlink_client_receive(door->client, USEC_INFINITY, &reply), 0);
        assert_null(reply.error);
}

static void test_varlink_client_receive__service_goes_away(void **state)
{
        Door *door = *state;
        VarlinkReply reply = {};

        assert_int_equal(varlink_client_send(door->client, "a.B", NULL), 0);
        answer(door, "{\"half", 6);
        close(door->service_fd);
        door->service_fd = -EBADF;
        assert_int_equal(varlink_client_receive(door->client, USEC_PER_SEC, &reply), -ECONNRESET);
        assert_int_equal(varlink_client_send(door->client, "a.B", NULL), -ENOTCONN);
}

static void test_varlink_client_send__service_is_gone(void **state)
{
        Door *door = *state;

        close(door->service_fd);
        door->service_fd = -EBADF;
        assert_int_equal(varlink_client_send(door->client, "a.B", NULL), -ECONNRESET);
}

static void test_varlink_client_receive__without_a_call(void **state)
{
        Door *door = *state;
        VarlinkReply reply = {};

        assert_int_equal(varlink_client_receive(door->client, 0, &reply), -ENOTCONN);
}

static void test_varlink_client_receive__too_large(void **state)
{
        Door *door = *state;
        _cleanup_free_ char *data = malloc(VARLINK_FRAME_MAX + 1);
        VarlinkReply reply = {};

        memset(data, ' ', VARLINK_FRAME_MAX + 1);
        assert_int_equal(varlink_client_send(door->client, "a.B", NULL), 0);
        answer(door, data, VARLINK_FRAME_MAX + 1);
        assert_int_equal(varlink_client_receive(door->client, 0, &reply), -EBADMSG);
}

static void test_varlink_client_send__too_large(void **state)
{
        Door *door = *state;
        struct json_object *parameters = json_object_new_object();
        _cleanup_free_ char *text = malloc(VARLINK_FRAME_MAX + 1);

        memset(text, 'x', VARLINK_FRAME_MAX);
        text[VARLINK_FRAME_MAX] = '\0';
        assert_int_equal(json_add_string(parameters, "chain", text), 0);
        assert_int_equal(varlink_client_send(door->client, "a.B", parameters), -EMSGSIZE);
        /* Nothing has happened. */
        assert_int_equal(varlink_client_send(door->client, "a.B", NULL), 0);
}

static void test_varlink_client_connect__nobody_there(void **state)
{
        Door *door = *state;
        VarlinkClient *client = NULL, *waiting = NULL, *many[8] = {};
        char path[200];
        int r = 0;

        memset(path, 'x', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        assert_int_equal(varlink_client_connect(path, &client), -ENAMETOOLONG);
        assert_int_equal(varlink_client_connect("/nonexistent/door", &client), -ENOENT);

        /* The backlog is full: an answer at once, not a wait. */
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(many); i++)
                r = varlink_client_connect(door->path, &many[i]);
        assert_int_equal(r, -EAGAIN);
        for (size_t i = 0; i < ELEMENTSOF(many); i++)
                varlink_client_free(many[i]);

        close(door->listen_fd);
        door->listen_fd = -EBADF;
        assert_int_equal(varlink_client_connect(door->path, &waiting), -ECONNREFUSED);
        assert_null(client);
        assert_null(waiting);
}

static void test_varlink_client__with_our_server(void **state)
{
        Door *door = *state;
        TestService service = {};
        VarlinkClient *client;
        struct json_object *parameters = json_object_new_object(), *value;
        VarlinkReply reply = {};

        assert_int_equal(sd_event_new(&service.event), 0);
        assert_int_equal(varlink_server_new(service.event,
                                            TAKE_FD(door->listen_fd),
                                            &test_interface,
                                            &test_callbacks,
                                            &service,
                                            &service.server),
                         0);
        assert_int_equal(varlink_client_connect(door->path, &client), 0);
        assert_int_equal(json_add_string(parameters, "text", "hello"), 0);
        assert_int_equal(varlink_client_send(client, TEST_INTERFACE ".Echo", parameters), 0);
        test_service_run(&service);
        assert_int_equal(varlink_client_receive(client, 0, &reply), 0);
        assert_true(json_object_object_get_ex(reply.parameters, "text", &value));
        assert_string_equal(json_object_get_string(value), "hello");
        varlink_reply_done(&reply);

        assert_int_equal(varlink_client_send(client, TEST_INTERFACE ".Echo", NULL), 0);
        test_service_run(&service);
        assert_int_equal(varlink_client_receive(client, 0, &reply), VARLINK_E_ERROR);
        assert_string_equal(reply.error, VARLINK_ERROR_INVALID_PARAMETER);
        varlink_reply_done(&reply);

        varlink_client_free(client);
        test_service_run(&service);
        assert_int_equal(service.n_disconnected, 1);
        test_service_stop(&service);
}

/* With a socket buffer smaller than the call, so that the client has to wait in its middle. */
static void test_varlink_client_call__waits_while_sending_and_receiving(void **state)
{
        Door *door = *state;
        struct json_object *parameters = json_object_new_object(), *value;
        _cleanup_free_ char *text = malloc(100001);
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        VarlinkClient *client;
        int size = 1, status;
        pid_t pid;

        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                TestService service = {};

                if (sd_event_new(&service.event) < 0 || varlink_server_new(service.event,
                                                                           door->listen_fd,
                                                                           &test_interface,
                                                                           &test_callbacks,
                                                                           &service,
                                                                           &service.server) < 0)
                        _exit(1);
                while (service.n_disconnected == 0)
                        if (sd_event_run(service.event, UINT64_MAX) < 0)
                                _exit(1);
                _exit(service.n_handled == 1 ? 0 : 2);
        }
        memset(text, 'x', 100000);
        text[100000] = '\0';
        assert_int_equal(json_add_string(parameters, "text", text), 0);
        assert_int_equal(varlink_client_connect(door->path, &client), 0);
        assert_int_equal(setsockopt(varlink_client_fd(client),
                                    SOL_SOCKET,
                                    SO_SNDBUF,
                                    &size,
                                    sizeof(size)),
                         0);
        assert_int_equal(varlink_client_call(client,
                                             TEST_INTERFACE ".Echo",
                                             parameters,
                                             USEC_INFINITY,
                                             &reply),
                         0);
        assert_true(json_object_object_get_ex(reply.parameters, "text", &value));
        assert_int_equal(json_object_get_string_len(value), 100000);
        varlink_client_free(client);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test(test_varlink_client_send__what_goes_out),
                        test(test_varlink_client_send__too_large),
                        test(test_varlink_client_send__service_is_gone),
                        test(test_varlink_client_receive__replies),
                        test(test_varlink_client_receive__what_is_no_reply),
                        test(test_varlink_client_receive__late_and_in_parts),
                        test(test_varlink_client_receive__service_goes_away),
                        test(test_varlink_client_receive__without_a_call),
                        test(test_varlink_client_receive__too_large),
                        test(test_varlink_client_connect__nobody_there),
                        test(test_varlink_client__with_our_server),
                        test(test_varlink_client_call__waits_while_sending_and_receiving),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
