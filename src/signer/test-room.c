/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "signer/test-room.h"

#include <openssl/evp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>

#include "base/log.h"
#include "signer/account-door.h"
#include "signer/key.h"
#include "signer/signer.h"

#define CALL_TIMEOUT_USEC (60 * USEC_PER_SEC)

static usec_t room_now_usec;

static usec_t room_now(void)
{
        return room_now_usec;
}

static char *path_in(Room *room, const char *name)
{
        char *path;

        assert_true(asprintf(&path, "%s/%s", room->d->path, name) > 0);
        return path;
}

static void write_file(Room *room, const char *name, const char *text)
{
        _cleanup_free_ char *path = path_in(room, name);
        FILE *f = fopen(path, "we");

        assert_non_null(f);
        fputs(text, f);
        fclose(f);
}

void room_configure(Room *room, const char *defaults, const char *certificate)
{
        write_file(room, "etc/acme/acme.conf", defaults);
        write_file(room, "etc/acme/certs/" ROOM_NAME ".conf", certificate);
}

static void make_directories(Room *room, const char *const *directories)
{
        for (; *directories; directories++)
                assert_int_equal(mkdirat(room->d->fd, *directories, 0755), 0);
}

void room_make_store(Room *room)
{
        static const char *const directories[] = {
                        "var",
                        "var/lib",
                        "var/lib/acme",
                        "var/lib/acme/accounts",
                        "var/lib/acme/certs",
                        "var/lib/acme/live",
                        "var/lib/acme/replace",
                        "var/lib/acme/retired",
                        NULL,
        };

        make_directories(room, directories);
}

int room_setup(void **state)
{
        static const char *const directories[] = {
                        "etc",
                        "etc/acme",
                        "etc/acme/certs",
                        "run",
                        "run/acme",
                        "run/acme/request",
                        "run/acme/revoke",
                        NULL,
        };
        Room *room = calloc(1, sizeof(*room));
        void *directory;

        test_directory_setup(&directory);
        room->d = directory;
        room->now_usec = PKI_NOW_USEC;
        make_directories(room, directories);
        room_make_store(room);
        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n"
                       "Contact=mailto:a@example.org\n",
                       "[Certificate]\n");
        *state = room;
        return 0;
}

int room_teardown(void **state)
{
        Room *room = *state;
        void *directory = room->d;

        if (room->pid > 0)
                room_stop(room);
        test_directory_teardown(&directory);
        free(room);
        return 0;
}

static struct sockaddr_un address_of(Room *room)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        assert_true(snprintf(address.sun_path, sizeof(address.sun_path), "%s/door", room->d->path) >
                    0);
        return address;
}

static int make_door(Room *room)
{
        struct sockaddr_un address = address_of(room);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) unlink(address.sun_path);
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 8), 0);
        return fd;
}

/* As main.c does, but for the root and the clock. */
static int serve(Room *room, int fd)
{
        _cleanup_(signer_freep) Signer *signer = NULL;
        sd_event *event = NULL;
        int r;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        room_now_usec = room->now_usec;
        log_open("test-signer");
        log_set_target(LOG_TARGET_STDERR);
        r = sd_event_new(&event);
        if (r >= 0)
                r = sd_event_add_signal(event,
                                        NULL,
                                        SIGTERM | SD_EVENT_SIGNAL_PROCMASK,
                                        NULL,
                                        NULL);
        if (r >= 0)
                r = signer_new(event, room->d->path, ROOM_NAME, room_now, &signer);
        if (r >= 0 && room->account_door)
                r = signer_use_account_door(signer, room->account_door);
        if (r >= 0)
                r = signer_serve(signer, (Door) room->door, fd);
        if (r >= 0)
                r = sd_event_loop(event);
        signer_free(TAKE_PTR(signer));
        sd_event_unref(event);
        return r;
}

void room_start(Room *room)
{
        _cleanup_free_ char *log = path_in(room, "log");
        int fd = make_door(room);

        sigset_t mask;

        assert_int_equal(room->pid, 0);
        /* A stop that comes before the signer has looked after its signals is no failure. */
        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        assert_int_equal(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
        room->pid = fork();
        assert_true(room->pid >= 0);
        if (room->pid == 0) {
                assert_non_null(freopen(log, "ae", stderr));
                exit(serve(room, fd) < 0 ? 1 : 0);
        }
        /* The door is open here until we are in, even if the signer is gone by now. */
        room->client = room_connect(room);
        close(fd);
}

static void print_log(Room *room)
{
        _cleanup_free_ char *text = NULL;
        size_t length;

        if (file_read(room->d->fd, "log", 1024 * 1024, 0, &text, &length) == 0)
                print_error("%s", text);
}

static void end(Room *room, int signal, int expected)
{
        int status = 0;

        varlink_client_free(TAKE_PTR(room->client));
        assert_int_equal(kill(room->pid, signal), 0);
        assert_int_equal(waitpid(room->pid, &status, 0), room->pid);
        room->pid = 0;
        if (status != expected)
                print_log(room);
        assert_int_equal(status, expected);
}

void room_stop(Room *room)
{
        end(room, SIGTERM, 0);
}

void room_kill(Room *room)
{
        end(room, SIGKILL, SIGKILL);
}

bool room_end(Room *room)
{
        int status = 0;

        varlink_client_free(TAKE_PTR(room->client));
        (void) kill(room->pid, SIGTERM);
        assert_int_equal(waitpid(room->pid, &status, 0), room->pid);
        room->pid = 0;
        if (status != 0 && status != SIGKILL) {
                print_log(room);
                fail_msg("the signer ended with %#x", (unsigned) status);
        }
        return status == SIGKILL;
}

VarlinkClient *room_connect(Room *room)
{
        struct sockaddr_un address = address_of(room);
        VarlinkClient *client;

        assert_int_equal(varlink_client_connect(address.sun_path, &client), 0);
        return client;
}

static struct json_object *
call(Room *room, VarlinkClient *client, char **ret_error, const char *method, va_list arguments)
{
        struct json_object *parameters = json_object_new_object();
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        _cleanup_free_ char *full = NULL;
        const char *name;
        int r;

        while ((name = va_arg(arguments, const char *))) {
                const char *json = startswith(name, "="), *value = va_arg(arguments, const char *);

                assert_int_equal(json ? json_add(parameters, json, json_tokener_parse(value))
                                      : json_add_string(parameters, name, value),
                                 0);
        }
        assert_true(asprintf(&full,
                             "%s%s",
                             strchr(method, '.') ? "" : "io.acmeward.Signer.",
                             method) > 0);
        r = varlink_client_call(client, full, parameters, CALL_TIMEOUT_USEC, &reply);
        if (r < 0) {
                print_log(room);
                fail_msg("%s: %s", method, strerror(-r));
        }
        *ret_error = NULL;
        if (reply.error) {
                const char *dot = strrchr(reply.error, '.');

                *ret_error = strdup(dot + 1);
        }
        return json_object_get(reply.parameters);
}

struct json_object *
room_call(Room *room, VarlinkClient *client, char **ret_error, const char *method, ...)
{
        struct json_object *parameters;
        va_list arguments;

        va_start(arguments, method);
        parameters = call(room, client, ret_error, method, arguments);
        va_end(arguments);
        return parameters;
}

struct json_object *room_ask(Room *room, const char *method, ...)
{
        struct json_object *parameters;
        _cleanup_free_ char *error = NULL;
        va_list arguments;

        va_start(arguments, method);
        parameters = call(room, room->client, &error, method, arguments);
        va_end(arguments);
        if (error) {
                print_log(room);
                fail_msg("%s: %s %s", method, error, json_object_to_json_string(parameters));
        }
        return parameters;
}

void room_expect(Room *room, const char *expected, const char *method, ...)
{
        _cleanup_json_ struct json_object *parameters = NULL;
        _cleanup_free_ char *error = NULL;
        va_list arguments;

        va_start(arguments, method);
        parameters = call(room, room->client, &error, method, arguments);
        va_end(arguments);
        if (!streq_ptr(error, expected))
                fail_msg("%s: %s instead of %s", method, error ?: "no error", expected ?: "none");
}

const char *member(struct json_object *object, const char *name)
{
        struct json_object *value;

        return json_object_object_get_ex(object, name, &value) ? json_object_get_string(value)
                                                               : NULL;
}

int64_t integer_member(struct json_object *object, const char *name)
{
        struct json_object *value;

        assert_true(json_object_object_get_ex(object, name, &value));
        return json_object_get_int64(value);
}

/* base64url. */
static unsigned char *decode(const char *text, size_t *ret_length)
{
        size_t n = strlen(text), padded = (n + 3) / 4 * 4;
        unsigned char *data = malloc(padded + 1);
        char *standard = malloc(padded + 1);
        int length;

        memset(standard, '=', padded);
        for (size_t i = 0; i < n; i++)
                standard[i] = (char) (text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
        length = padded == 0 ? 0 : EVP_DecodeBlock(data, (unsigned char *) standard, (int) padded);
        assert_true(length >= 0);
        free(standard);
        *ret_length = (size_t) length - (padded - n);
        return data;
}

struct json_object *jws_member(struct json_object *reply, const char *name)
{
        struct json_object *jws, *object;
        _cleanup_free_ unsigned char *data = NULL;
        size_t length;

        assert_true(json_object_object_get_ex(reply, "jws", &jws));
        data = decode(member(jws, name), &length);
        if (length == 0)
                return NULL;
        assert_int_equal(json_parse((const char *) data, length, &object), 0);
        return object;
}

void room_register(Room *room)
{
        json_object_put(room_ask(room, "NewAccount", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL));
        json_object_put(room_ask(room, "SetAccount", "account", ROOM_ACCOUNT, NULL));
}

EVP_PKEY *room_csr_key(struct json_object *reply)
{
        _cleanup_json_ struct json_object *payload = jws_member(reply, "payload");
        _cleanup_free_ unsigned char *der = NULL;
        const unsigned char *p;
        X509_REQ *request;
        EVP_PKEY *key;
        size_t length;

        p = der = decode(member(payload, "csr"), &length);
        request = d2i_X509_REQ(NULL, &p, (long) length);
        assert_non_null(request);
        key = X509_REQ_get_pubkey(request);
        assert_non_null(key);
        X509_REQ_free(request);
        return key;
}

EVP_PKEY *room_finalize(Room *room)
{
        _cleanup_json_ struct json_object *reply = NULL;

        reply = room_ask(room, "Finalize", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
        return room_csr_key(reply);
}

static EVP_PKEY *issue_key;
static void (*issue_adjust)(PkiSpecs *specs);

static void adjust_issue(PkiSpecs *specs)
{
        specs->leaf.key = issue_key;
        if (issue_adjust)
                issue_adjust(specs);
}

char *room_issue(EVP_PKEY *key, const char *names, void (*adjust)(PkiSpecs *specs))
{
        _cleanup_(pki_done) Pki pki;

        issue_key = key;
        issue_adjust = adjust;
        pki_make(&pki, names, adjust_issue);
        return pki_pem(pki.leaf, pki.ca, NULL);
}

EVP_PKEY *room_renew(Room *room)
{
        _cleanup_free_ char *chain = NULL;
        EVP_PKEY *key;

        room_register(room);
        key = room_finalize(room);
        assert_int_equal(EVP_PKEY_up_ref(key), 1);
        chain = room_issue(key, "DNS:" ROOM_NAME, NULL);
        json_object_put(room_ask(room, "Install", "chain", chain, NULL));
        return key;
}

State *room_state(Room *room)
{
        _cleanup_free_ char *text = NULL;
        State *state;
        size_t length;

        assert_int_equal(file_read(room->d->fd,
                                   ROOM_CERTS "/" STATE_FILE,
                                   STATE_BYTES_MAX,
                                   0,
                                   &text,
                                   &length),
                         0);
        assert_int_equal(state_parse(text, length, &state), 0);
        return state;
}

char *room_live(Room *room)
{
        char target[128] = "", *slash;

        if (readlinkat(room->d->fd, ROOM_LIVE, target, sizeof(target) - 1) < 0)
                return NULL;
        slash = strrchr(target, '/');
        assert_non_null(slash);
        return strdup(slash + 1);
}

bool room_logged(Room *room, const char *text)
{
        _cleanup_free_ char *log = NULL;
        size_t length;

        assert_int_equal(file_read(room->d->fd, "log", 16 * 1024 * 1024, 0, &log, &length), 0);
        return strstr(log, text);
}

bool room_has(Room *room, const char *path)
{
        return faccessat(room->d->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
