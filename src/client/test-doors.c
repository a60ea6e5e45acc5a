/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/test-doors.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "json/json.h"

#define CONNECTIONS_MAX 8U
#define CALL_MAX (256U * 1024U)

struct TestDoors {
        TestTrace *trace;
        char path[108];
        int listen_fd;
        bool has_account;
        char *installed;
        const char *next;
        pthread_t acceptor;
        unsigned n_connections;
        int fds[CONNECTIONS_MAX];
        pthread_t threads[CONNECTIONS_MAX];
};

typedef struct Peer {
        TestDoors *doors;
        int fd;
} Peer;

static const char *member(struct json_object *object, const char *name)
{
        struct json_object *value;

        return json_object_object_get_ex(object, name, &value) ? json_object_get_string(value) : "";
}

static struct json_object *sign(const char *method, struct json_object *parameters)
{
        struct json_object *reply = json_object_new_object(), *jws = json_object_new_object();

        json_object_object_add(jws,
                               "protected",
                               json_object_new_string(member(parameters, "nonce")));
        json_object_object_add(jws, "payload", json_object_new_string(method));
        json_object_object_add(jws, "signature", json_object_new_string(member(parameters, "url")));
        json_object_object_add(reply, "jws", jws);
        return reply;
}

static struct json_object *install(TestDoors *d, struct json_object *parameters, const char **error)
{
        struct json_object *reply = json_object_new_object(), *certificate;

        trace_add(d->trace, "Install\n");
        free(d->installed);
        d->installed = strdup(member(parameters, "chain"));
        if (strstr(member(parameters, "chain"), TEST_REFUSED_CHAIN)) {
                *error = "io.acmeward.Signer.ChainRefused";
                json_object_object_add(reply, "message", json_object_new_string("not ours"));
                return reply;
        }
        certificate = json_object_new_object();
        json_object_object_add(certificate, "notAfter", json_object_new_int64(4711));
        json_object_object_add(reply, "certificate", certificate);
        return reply;
}

static struct json_object *weigh(TestDoors *d, struct json_object *parameters, const char **error)
{
        struct json_object *reply = json_object_new_object();
        const char *preference = strstr(member(parameters, "chain"), TEST_PREFERENCE);

        trace_add(d->trace, "WeighChain\n");
        if (strstr(member(parameters, "chain"), TEST_REFUSED_CHAIN)) {
                *error = "io.acmeward.Signer.ChainRefused";
                json_object_object_add(reply, "message", json_object_new_string("not ours"));
                return reply;
        }
        json_object_object_add(
                        reply,
                        "preference",
                        json_object_new_int(preference ? preference[strlen(TEST_PREFERENCE)] - '0'
                                                       : 0));
        return reply;
}

static struct json_object *set_renewal_info(TestDoors *d, struct json_object *parameters)
{
        struct json_object *reply = json_object_new_object(), *start;

        trace_add(d->trace,
                  "SetRenewalInfo %s %s %s %s\n",
                  member(parameters, "start"),
                  member(parameters, "end"),
                  member(parameters, "explanation"),
                  member(parameters, "retryAfter"));
        if (json_object_object_get_ex(parameters, "start", &start) &&
            json_object_get_int64(start) < TEST_DUE_BEFORE)
                json_object_object_add(reply, "due", json_object_new_string("renewalInfo"));
        json_object_object_add(reply, "renewAt", json_object_new_int64(4711));
        return reply;
}

static struct json_object *publish(TestDoors *d, struct json_object *parameters)
{
        struct json_object *reply = json_object_new_object(), *answers = json_object_new_array(),
                           *list = NULL;
        char line[4096] = "";

        assert(json_object_object_get_ex(parameters, "challenges", &list));
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                struct json_object *challenge = json_object_array_get_idx(list, i);
                const char *type = member(challenge, "type");

                (void) snprintf(line + strlen(line),
                                sizeof(line) - strlen(line),
                                "%s%s %s",
                                streq(type, "http-01") ? "" : " ",
                                streq(type, "http-01") ? "" : type,
                                member(challenge, "token"));
                json_object_array_add(answers, json_object_new_string("token.thumbprint"));
        }
        trace_add(d->trace, "Publish%s\n", line);
        json_object_object_add(reply, "answers", answers);
        return reply;
}

static struct json_object *pass_over(TestDoors *d, struct json_object *parameters)
{
        struct json_object *reply = json_object_new_object();

        trace_add(d->trace,
                  "NextAuthority %s %s\n",
                  member(parameters, "ca"),
                  member(parameters, "outcome"));
        if (d->next)
                json_object_object_add(reply, "next", json_object_new_string("second"));
        return reply;
}

static struct json_object *
answer(TestDoors *d, const char *method, struct json_object *parameters, const char **error)
{
        if (streq(method, "NewAccount") || streq(method, "Revoke"))
                return sign(method, parameters);
        if (streq(method, "SetRevocation")) {
                trace_add(d->trace, "SetRevocation %s\n", member(parameters, "revoked"));
                return json_object_new_object();
        }
        if (streq(method, "NextAuthority"))
                return pass_over(d, parameters);
        if (streq(method, "Describe") && d->next)
                return json_tokener_parse(d->next);
        if (streq(method, "SetRenewalInfo"))
                return set_renewal_info(d, parameters);
        if (streq(member(parameters, "replaces"), "true"))
                method = "NewOrder+";
        if (startswith(method, "NewOrder") || streq(method, "Fetch") ||
            streq(method, "AnswerChallenge") || streq(method, "DeactivateAuthorization") ||
            streq(method, "Finalize")) {
                if (d->has_account)
                        return sign(method, parameters);
                *error = "io.acmeward.Signer.NoAccount";
                return json_object_new_object();
        }
        if (streq(method, "Install"))
                return install(d, parameters, error);
        if (streq(method, "WeighChain"))
                return weigh(d, parameters, error);
        if (streq(method, "Publish"))
                return publish(d, parameters);
        if (streq(method, "SetAccount"))
                d->has_account = true;
        if (streq(method, "ForgetAccount"))
                d->has_account = false;
        if (streq(method, "SetChallenge")) {
                trace_add(d->trace,
                          "SetChallenge %s %s\n",
                          member(parameters, "type"),
                          member(parameters, "identifier"));
                return json_object_new_object();
        }
        trace_add(d->trace,
                  "%s%s%s\n",
                  method,
                  streq(method, "SetOrder") ? " " : "",
                  streq(method, "SetOrder") ? strrchr(member(parameters, "order"), '/') : "");
        return json_object_new_object();
}

static bool handle(Peer *p, const char *text)
{
        _cleanup_json_ struct json_object *call = NULL, *reply = json_object_new_object();
        struct json_object *parameters = NULL;
        const char *error = NULL, *frame;
        size_t length;

        assert(json_parse(text, strlen(text), &call) == 0);
        (void) json_object_object_get_ex(call, "parameters", &parameters);
        json_object_object_add(reply,
                               "parameters",
                               answer(p->doors,
                                      strrchr(member(call, "method"), '.') + 1,
                                      parameters,
                                      &error));
        if (error)
                json_object_object_add(reply, "error", json_object_new_string(error));
        assert(json_format(reply, &frame, &length) == 0);
        return send(p->fd, frame, length + 1, MSG_NOSIGNAL) == (ssize_t) length + 1;
}

static void *serve(void *userdata)
{
        Peer *p = userdata;
        char *buffer = malloc(CALL_MAX);
        size_t length = 0;
        ssize_t n;

        while ((n = recv(p->fd, buffer + length, CALL_MAX - length, 0)) > 0) {
                length += (size_t) n;
                /* One call at a time: its NUL is the last byte. */
                if (buffer[length - 1] != '\0')
                        continue;
                if (!handle(p, buffer))
                        break;
                length = 0;
        }
        (void) shutdown(p->fd, SHUT_RDWR);
        free(buffer);
        free(p);
        return NULL;
}

static void *accept_all(void *userdata)
{
        TestDoors *d = userdata;
        int fd;

        while ((fd = accept4(d->listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
                Peer *p = calloc(1, sizeof(*p));

                assert(p && d->n_connections < CONNECTIONS_MAX);
                *p = (Peer){.doors = d, .fd = fd};
                d->fds[d->n_connections] = fd;
                assert(pthread_create(d->threads + d->n_connections++, NULL, serve, p) == 0);
        }
        return NULL;
}

TestDoors *test_doors_start(const TestDirectory *directory, TestTrace *trace)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        TestDoors *d = calloc(1, sizeof(*d));

        assert_non_null(d);
        d->trace = trace;
        d->has_account = true;
        assert_true(snprintf(d->path, sizeof(d->path), "%s/door", directory->path) > 0);
        strcpy(address.sun_path, d->path);
        d->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(d->listen_fd, (struct sockaddr *) &address, sizeof(address)), 0);
        assert_int_equal(listen(d->listen_fd, 8), 0);
        assert_int_equal(pthread_create(&d->acceptor, NULL, accept_all, d), 0);
        return d;
}

void test_doors_stop(TestDoors *d)
{
        (void) shutdown(d->listen_fd, SHUT_RDWR);
        assert_int_equal(pthread_join(d->acceptor, NULL), 0);
        for (unsigned i = 0; i < d->n_connections; i++) {
                (void) shutdown(d->fds[i], SHUT_RDWR);
                assert_int_equal(pthread_join(d->threads[i], NULL), 0);
                close(d->fds[i]);
        }
        close(d->listen_fd);
        free(d->installed);
        free(d);
}

const char *test_doors_path(const TestDoors *d)
{
        return d->path;
}

const char *test_doors_installed(const TestDoors *d)
{
        return d->installed;
}

void test_doors_forget_account(TestDoors *d)
{
        d->has_account = false;
}

void test_doors_set_next(TestDoors *d, const char *description)
{
        d->next = description;
}
