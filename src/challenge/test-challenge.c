/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The room between a caller and a signer that both are processes of the test's own. */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/time-util.h"
#include "challenge/challenge.h"
#include "challenge/holder.h"
#include "varlink/varlink-client.h"
#include "varlink/varlink-server.h"

#define ROOT "/tmp/acme-test-challenge"
#define PUBLIC ROOT "/public"
#define A "DGyRejmCefe7v4NfDGDKfA"
#define B "EGyRejmCefe7v4NfDGDKfA"
#define TIMEOUT_USEC (20 * USEC_PER_SEC)

static pid_t signer_pid, room_pid;

static int listen_on(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 8), 0);
        return fd;
}

static const JsonField token_fields[] = {
                {"token", JSON_STRING, 0, .flags = JSON_MANDATORY},
                {},
};

static int handle_key_authorization(VarlinkCall *call, const void *parameters, void *u _unused_)
{
        const char *token = *(const char *const *) parameters;
        struct json_object *reply = json_object_new_object();
        char text[512];

        if (streq(token, B))
                return varlink_error(call, "io.acmeward.Signer.StoreFailed", reply);
        snprintf(text, sizeof(text), "%s.thumbprint", token);
        assert_int_equal(json_add_string(reply, "keyAuthorization", text), 0);
        return varlink_reply(call, reply);
}

static void run_signer(sd_event *event, int fd)
{
        static const VarlinkMethod methods[] = {
                        {"KeyAuthorization",
                         token_fields,
                         sizeof(char *),
                         handle_key_authorization},
                        {},
        };
        static const VarlinkInterface interface = {"io.acmeward.Signer", "", methods};
        static const VarlinkServerCallbacks callbacks;
        VarlinkServer *server;

        assert_int_equal(varlink_server_new(event, fd, &interface, &callbacks, NULL, &server), 0);
        (void) sd_event_loop(event);
}

static void run_room(sd_event *event, int fd)
{
        static const char *const paths[] = {PUBLIC};
        _cleanup_(tokens_close) Tokens tokens;
        _cleanup_(challenge_freep) Challenge *challenge = NULL;

        assert_int_equal(tokens_open(&tokens, ROOT "/lease", paths, 1), 0);
        assert_int_equal(holder_begin(&tokens, "a"), 0);
        assert_int_equal(challenge_new(event,
                                       CHALLENGE_TYPE_HTTP01,
                                       ROOT "/signer",
                                       &tokens,
                                       NULL,
                                       &challenge),
                         0);
        assert_int_equal(challenge_serve(challenge, fd), 0);
        assert_int_equal(sd_event_loop(event), 0);
        assert_int_equal(holder_end(&tokens, "a"), 0);
}

static pid_t start(const char *path, void (*run)(sd_event *event, int fd))
{
        int fd = listen_on(path);
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                sd_event *event;

                assert_int_equal(sd_event_new(&event), 0);
                run(event, fd);
                sd_event_unref(event);
                _exit(0);
        }
        close(fd);
        return pid;
}

static void remove_root(void)
{
        _cleanup_close_ int tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_int_equal(file_remove_tree(tmp_fd, "acme-test-challenge"), 0);
}

static int setup(void **state _unused_)
{
        remove_root();
        assert_int_equal(mkdir(ROOT, 0700), 0);
        assert_int_equal(mkdir(ROOT "/lease", 0700), 0);
        assert_int_equal(mkdir(PUBLIC, 0755), 0);
        signer_pid = start(ROOT "/signer", run_signer);
        room_pid = start(ROOT "/door", run_room);
        return 0;
}

static int teardown(void **state _unused_)
{
        if (room_pid > 0) {
                (void) kill(room_pid, SIGKILL);
                (void) waitpid(room_pid, NULL, 0);
        }
        (void) kill(signer_pid, SIGKILL);
        (void) waitpid(signer_pid, NULL, 0);
        remove_root();
        return 0;
}

static void publish(VarlinkClient *client, const char *const tokens[], VarlinkReply *ret)
{
        struct json_object *parameters = json_object_new_object(), *list = json_object_new_array();

        for (; *tokens; tokens++) {
                struct json_object *object = json_object_new_object();

                assert_int_equal(json_add_string(object, "type", "http-01"), 0);
                assert_int_equal(json_add_string(object, "identifier", "a.example"), 0);
                assert_int_equal(json_add_string(object, "token", *tokens), 0);
                json_object_array_add(list, object);
        }
        assert_int_equal(json_add(parameters, "challenges", list), 0);
        assert_true(varlink_client_call(client,
                                        "io.acmeward.Challenge.Publish",
                                        parameters,
                                        TIMEOUT_USEC,
                                        ret) >= 0);
}

/* The room ends by itself when nobody holds a lease any more. */
static void assert_room_ends(void)
{
        int status;

        assert_int_equal(waitpid(room_pid, &status, 0), room_pid);
        room_pid = -1;
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_publish__lasts_as_long_as_the_connection(void **state _unused_)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {}, again = {};
        VarlinkClient *client;

        assert_int_equal(varlink_client_connect(ROOT "/door", &client), 0);
        publish(client, (const char *const[]){A, NULL}, &reply);
        assert_null(reply.error);
        assert_string_equal(
                        json_object_to_json_string_ext(reply.parameters, JSON_C_TO_STRING_PLAIN),
                        "{\"answers\":[\"" A ".thumbprint\"]}");
        assert_int_equal(access(PUBLIC "/" A, F_OK), 0);
        publish(client, (const char *const[]){A, NULL}, &again);
        assert_null(again.error);

        varlink_client_free(client);
        assert_room_ends();
        assert_int_equal(access(PUBLIC "/" A, F_OK), -1);
        assert_int_equal(access(ROOT "/lease/a", F_OK), -1);
}

static void test_publish__refusals(void **state _unused_)
{
        static const struct {
                const char *tokens[3];
                const char *error;
        } cases[] = {
                        {{A, "../../etc/passwd"}, "io.acmeward.Challenge.ChallengeRefused"},
                        {{"short"}, "io.acmeward.Challenge.ChallengeRefused"},
                        {{A, B}, "io.acmeward.Challenge.SignerRefused"},
        };
        VarlinkClient *client;

        assert_int_equal(varlink_client_connect(ROOT "/door", &client), 0);
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                _cleanup_varlink_reply_ VarlinkReply reply = {};

                publish(client, c->tokens, &reply);
                assert_string_equal(reply.error, c->error);
                assert_int_equal(access(PUBLIC "/" B, F_OK), -1);
        }
        varlink_client_free(client);
        assert_room_ends();
        assert_int_equal(access(PUBLIC "/" A, F_OK), -1);
}

/* JSON with ' for ". */
static struct json_object *unquoted(const char *text)
{
        _cleanup_free_ char *copy = strdup(text);
        struct json_object *object;

        for (char *p = copy; *p; p++)
                if (*p == '\'')
                        *p = '"';
        assert_int_equal(json_parse(copy, strlen(copy), &object), 0);
        return object;
}

/* Nothing of a list is published when one of it is wrong. */
static void test_publish__what_is_no_challenge_of_this_room(void **state _unused_)
{
        static const char *const lists[] = {
                        "[{'type':'dns-01','identifier':'a.example','token':'" A "'}]",
                        "[{'type':'http-01','identifier':'../a','token':'" A "'}]",
                        "[{'type':'http-01','identifier':'a.example','token':'" A "'},"
                        "{'type':'http-01','token':'" A "'}]",
                        "[{'type':'http-01','identifier':'a.example','token':'" A "','x':1}]",
                        "['" A "']",
                        "[null]",
        };
        VarlinkClient *client;

        assert_int_equal(varlink_client_connect(ROOT "/door", &client), 0);
        FOREACH_ARRAY (list, lists, ELEMENTSOF(lists)) {
                _cleanup_varlink_reply_ VarlinkReply reply = {};
                struct json_object *parameters = json_object_new_object();

                assert_int_equal(json_add(parameters, "challenges", unquoted(*list)), 0);
                assert_true(varlink_client_call(client,
                                                "io.acmeward.Challenge.Publish",
                                                parameters,
                                                TIMEOUT_USEC,
                                                &reply) >= 0);
                assert_string_equal(reply.error, "io.acmeward.Challenge.ChallengeRefused");
                assert_int_equal(access(PUBLIC "/" A, F_OK), -1);
        }
        varlink_client_free(client);
        assert_room_ends();
}

static void test_publish__two_leases(void **state _unused_)
{
        _cleanup_varlink_reply_ VarlinkReply one = {}, other = {}, third = {};
        static const char address[] = "[{'type':'http-01','identifier':'fd00::1','token':'"
                                      "HGyRejmCefe7v4NfDGDKfA'}]";
        struct json_object *parameters = json_object_new_object();
        _cleanup_varlink_reply_ VarlinkReply of_address = {};
        VarlinkClient *first, *second;

        assert_int_equal(varlink_client_connect(ROOT "/door", &first), 0);
        assert_int_equal(varlink_client_connect(ROOT "/door", &second), 0);
        publish(first, (const char *const[]){A, NULL}, &one);
        publish(second, (const char *const[]){"FGyRejmCefe7v4NfDGDKfA", NULL}, &other);
        assert_null(one.error);
        assert_null(other.error);
        /* RFC 8738: an address is as good as a name. */
        assert_int_equal(json_add(parameters, "challenges", unquoted(address)), 0);
        assert_true(varlink_client_call(second,
                                        "io.acmeward.Challenge.Publish",
                                        parameters,
                                        TIMEOUT_USEC,
                                        &of_address) >= 0);
        assert_null(of_address.error);
        varlink_client_free(first);
        publish(second, (const char *const[]){"GGyRejmCefe7v4NfDGDKfA", NULL}, &third);
        assert_int_equal(access(PUBLIC "/FGyRejmCefe7v4NfDGDKfA", F_OK), 0);
        varlink_client_free(second);
        assert_room_ends();
        assert_int_equal(access(PUBLIC "/FGyRejmCefe7v4NfDGDKfA", F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        TEST(test_publish__lasts_as_long_as_the_connection),
                        TEST(test_publish__refusals),
                        TEST(test_publish__what_is_no_challenge_of_this_room),
                        TEST(test_publish__two_leases),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
