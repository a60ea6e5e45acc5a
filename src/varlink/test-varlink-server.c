/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Peers that are slow, greedy, many or gone. */

#include <poll.h>
#include <sys/wait.h>

#include "varlink/test-peer.h"
#include "varlink/varlink-internal.h"

/* Short enough for a test, and never waited for in one that does not expect it. */
#define TEST_TIMEOUT_USEC (5 * USEC_PER_MSEC)

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

        varlink_server_set_frame_timeout(service->server, TEST_TIMEOUT_USEC);
        fd = peer(service);
        /* There is always a byte to read when the deadline comes. */
        while (service->n_disconnected == 0) {
                (void) send(fd, " ", 1, MSG_NOSIGNAL);
                assert_true(sd_event_run(service->event, UINT64_MAX) >= 0);
        }
        assert_string_equal(service->last_refusal, "the message did not end in time");
}

static bool has_deadline(TestService *service)
{
        sd_event_source *timer = service->server->connections->timer_source;

        return timer && sd_event_source_get_enabled(timer, NULL) > 0;
}

static void test_connection__deadline_only_while_something_is_begun(void **state)
{
        static const char text[] = ECHO("x");
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        for (unsigned i = 0; i < 3; i++) {
                assert_false(has_deadline(service));
                put(service, fd, text, 10);
                assert_true(has_deadline(service));
                put(service, fd, text + 10, sizeof(text) - 10);
                assert_false(has_deadline(service));
                assert_received(fd, ECHOED("x"));
        }
        /* The next message has begun with the end of the last. */
        put(service, fd, ECHO("x") "\0{", sizeof(text) + 1);
        assert_received(fd, ECHOED("x"));
        assert_true(has_deadline(service));
}

static void test_connection__each_message_has_its_own_deadline(void **state)
{
        static const char text[] = ECHO("x");
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        usec_t first_usec, second_usec;

        put(service, fd, text, 10);
        first_usec = service->server->connections->deadline_usec;
        put(service, fd, text + 10, 1);
        assert_int_equal(service->server->connections->deadline_usec, first_usec);
        put(service, fd, text + 11, sizeof(text) - 11);
        put(service, fd, text, 10);
        second_usec = service->server->connections->deadline_usec;
        assert_true(second_usec > first_usec);
}

/* The loop was busy, with an RSA key for example: nobody is blamed for that. */
static void test_connection__bytes_in_time_count_when_they_are_seen_late(void **state)
{
        static const char text[] = ECHO("x");
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        VarlinkConnection *connection = service->server->connections;

        put(service, fd, text, 10);
        connection->deadline_usec = 1;
        assert_int_equal(sd_event_source_set_time(connection->timer_source, 1), 0);
        put(service, fd, text + 10, sizeof(text) - 10);
        assert_received(fd, ECHOED("x"));
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

static void test_connection__oneway_calls_of_a_peer_that_has_gone(void **state)
{
#define ONEWAY "{\"method\":\"io.acmeward.Test.Nothing\",\"oneway\":true}"
        static const char calls[] = ONEWAY "\0" ONEWAY "\0" ONEWAY;
#undef ONEWAY
        TestService *service = *state;
        int fd = test_service_connect(service);

        assert_int_equal(send(fd, calls, sizeof(calls), 0), sizeof(calls));
        close(fd);
        test_service_run(service);
        assert_int_equal(service->n_handled, 3);
        assert_int_equal(service->n_disconnected, 1);
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

/* In a child with fd as its first descriptor from PID 1, which says that there are n. */
static int listen_fd_in_child(int fd, const char *n)
{
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                char number[16];
                int r;

                snprintf(number, sizeof(number), "%i", (int) getpid());
                setenv("LISTEN_PID", number, 1);
                setenv("LISTEN_FDS", n, 1);
                if (fd >= 0 && dup2(fd, 3) < 0)
                        _exit(1);
                r = varlink_listen_fds(1);
                _exit(r == 3 ? 0 : r == -ENOTCONN ? 2 : 3);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void test_varlink_listen_fds__one_listening_unix_socket(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        _cleanup_close_ int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(listen(tcp, 1), 0);
        assert_int_equal(varlink_listen_fds(1), -ENOTCONN);
        assert_int_equal(listen_fd_in_child(service->server->listen_fd, "1"), 0);
        assert_int_equal(listen_fd_in_child(service->server->listen_fd, "2"), 2);
        assert_int_equal(listen_fd_in_child(fd, "1"), 2);
        assert_int_equal(listen_fd_in_child(tcp, "1"), 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test(test_connection__large_call_and_reply),
                        test(test_connection__message_too_large),
                        test(test_connection__reply_too_large),
                        test(test_connection__begun_message_has_a_deadline),
                        test(test_connection__trickle_does_not_move_the_deadline),
                        test(test_connection__deadline_only_while_something_is_begun),
                        test(test_connection__each_message_has_its_own_deadline),
                        test(test_connection__bytes_in_time_count_when_they_are_seen_late),
                        test(test_connection__peer_that_does_not_read),
                        test(test_connection__peer_that_reads_late),
                        test(test_connection__peer_that_goes),
                        test(test_connection__oneway_calls_of_a_peer_that_has_gone),
                        test(test_connection__passed_descriptors_are_dropped),
                        test(test_server__stops_accepting_when_full),
                        test(test_server__connections_take_turns),
                        test(test_server_free__disconnects_everybody),
                        test(test_varlink_connection__peer_pid),
                        test(test_varlink_listen_fds__one_listening_unix_socket),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
