/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* nsupdate is started without a shell and reads one request from a file that has no name; its words
 * are names and values that grammars have accepted. The key is a credential of this unit, in a file
 * that nsupdate reads by itself. */

#include "publisher/update.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/escape.h"
#include "base/file.h"
#include "config/verify-endpoint.h"

#define NSUPDATE "/usr/bin/nsupdate"
#define CREDENTIAL "tsig"

/* What it says, a sentence or two. */
#define OUTPUT_MAX 4096U

/* A CA looks within seconds, and nobody is to remember the value for longer than that. */
#define TTL 60

/* Seconds for one try. Its own time would be longer than a renewal has. */
#define TIMEOUT "10"

static int add_server(FILE *f, const char *server)
{
        _cleanup_(verify_endpoint_done) VerifyEndpoint endpoint = {};
        const char *reason;
        int r;

        if (!server)
                return 0;
        r = verify_endpoint_parse(server, &endpoint, &reason);
        if (r != 0)
                return r < 0 ? r : -EINVAL;
        fprintf(f, "server %s %u\n", endpoint.host, endpoint.port);
        return 0;
}

static int write_request(FILE *f,
                         const char *server,
                         UpdateAction action,
                         const Place *place,
                         const char *value)
{
        int r;

        r = add_server(f, server);
        if (r < 0)
                return r;
        fprintf(f, "zone %s.\n", place->zone);
        switch (action) {
        case UPDATE_CHECK:
                /* RFC 2136 section 2.4.4: a name that is in use, as every zone's own; with no
                 * change behind it. */
                fprintf(f, "prereq yxdomain %s.\n", place->zone);
                break;
        case UPDATE_PRESENT:
                fprintf(f, "update add %s. %u TXT \"%s\"\n", place->name, TTL, value);
                break;
        case UPDATE_CLEANUP:
                /* RFC 2136 section 2.5.4: this value, and no other. */
                fprintf(f, "update delete %s. TXT \"%s\"\n", place->name, value);
                break;
        }
        fputs("send\n", f);
        return fflush(f) == 0 && !ferror(f) ? 0 : -EIO;
}

/* Return: 0, with *ret_fd at its begin; -errno. */
static int make_request(const DnsPublisher *publisher,
                        UpdateAction action,
                        const Place *place,
                        const char *value,
                        int *ret_fd)
{
        _cleanup_close_ int fd = memfd_create("request", MFD_CLOEXEC);
        _cleanup_fclose_ FILE *f = NULL;
        int copy, r;

        if (fd < 0)
                return -errno;
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return -errno;
        f = fdopen(copy, "w");
        if (!f) {
                close(copy);
                return -ENOMEM;
        }
        r = write_request(f, publisher->server, action, place, value);
        if (r < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int spawn(const char *key, int request_fd, int output_fd, pid_t *ret)
{
        char *argv[] = {(char *) "nsupdate",
                        (char *) "-v", /* TCP: the answer is what we wait for */
                        (char *) "-t",
                        (char *) TIMEOUT,
                        (char *) "-k",
                        (char *) key,
                        NULL};
        char *environment[] = {NULL};
        posix_spawn_file_actions_t actions;
        int r;

        posix_spawn_file_actions_init(&actions);
        r = posix_spawn_file_actions_adddup2(&actions, request_fd, STDIN_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, output_fd, STDERR_FILENO);
        if (r == 0)
                r = posix_spawn(ret, NSUPDATE, &actions, NULL, argv, environment);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

/* Return: its wait status; -errno. */
static int run(const char *key, int request_fd, char **ret_output)
{
        _cleanup_close_ int output_fd = memfd_create("output", MFD_CLOEXEC);
        _cleanup_free_ char *output = NULL;
        size_t length = 0;
        int status, r;
        pid_t pid;

        if (output_fd < 0)
                return -errno;
        r = spawn(key, request_fd, output_fd, &pid);
        if (r < 0)
                return r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (lseek(output_fd, 0, SEEK_SET) < 0)
                return -errno;
        r = file_read_fd(output_fd, OUTPUT_MAX, &output, &length);
        if (r < 0 && r != -EFBIG)
                return r;
        while (length > 0 && output[length - 1] == '\n')
                length--;
        for (size_t i = 0; i < length; i++)
                if (output[i] == '\n')
                        output[i] = ' ';
        *ret_output = escape_foreign(output ?: "", length, FOREIGN_TEXT_MAX);
        return *ret_output ? status : -ENOMEM;
}

/* RFC 2136 section 3.3, RFC 8945 section 5.3: it will not be otherwise at another time. */
static bool is_refusal(const char *output)
{
        return strstr(output, "update failed: REFUSED") ||
               strstr(output, "update failed: NOTAUTH") || strstr(output, "update failed: NOTZONE");
}

static const char *verb(UpdateAction action)
{
        static const char *const verbs[] = {
                        [UPDATE_CHECK] = "try the key for",
                        [UPDATE_PRESENT] = "add",
                        [UPDATE_CLEANUP] = "remove",
        };

        return verbs[action];
}

int update_send(const DnsPublisher *publisher,
                UpdateAction action,
                const Place *place,
                const char *value)
{
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        _cleanup_free_ char *key = NULL, *output = NULL;
        _cleanup_close_ int request_fd = -EBADF;
        int r;

        if (!directory || asprintf(&key, "%s/" CREDENTIAL, directory) < 0) {
                key = NULL;
                return directory ? -ENOMEM : -ENOKEY;
        }
        r = make_request(publisher, action, place, value, &request_fd);
        if (r == 0)
                r = run(key, request_fd, &output);
        if (r == -ENOENT)
                return report(PUBLISH_E_REFUSED,
                              "There is no " NSUPDATE ", which sends dynamic updates. Install it "
                              "(in Debian, bind9-dnsutils)");
        if (r <= 0)
                return r;
        return report(is_refusal(output) ? PUBLISH_E_REFUSED : PUBLISH_E_FAILED,
                      "Failed to %s %s in the zone %s at %s: %s. See dns.d/%s.conf",
                      verb(action),
                      place->name,
                      place->zone,
                      publisher->server ?: "its primary server",
                      *output ? output : "nsupdate does not say why",
                      publisher->name);
}
