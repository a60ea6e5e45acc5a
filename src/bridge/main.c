/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-signer-bridge NAME: the end on the key host. Started by sshd instead of what was asked for,
 * it carries its standard input and output to one of the bridge's doors of NAME; NAME is fixed
 * where the ssh key is allowed, and what the other machine asked for chooses the door alone.
 *
 * acme-signer-bridge --serve NAME: who listens there, as acme-signer-bridge@NAME.service, and
 * carries on to the signer's doors, which are PID 1's to make while this service runs.
 *
 * Neither reads what it carries: who may have what is the signer's to decide. */

#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/exit-status.h"
#include "base/log.h"
#include "base/name.h"
#include "bridge/crossing.h"
#include "bridge/pump.h"

/* A renewal comes back for its next connection within this time; so long the signer is kept. */
#define LINGER_SECONDS 2

/* Return: a connection; -errno. */
static int knock(const char *path)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        if (fd < 0)
                return -errno;
        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        if (connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Return: 0, somebody was there; -errno when nobody listens at the path. */
static int carry(int in_fd, int out_fd, const char *path)
{
        _cleanup_close_ int fd = knock(path);
        int r;

        if (fd < 0)
                return fd;
        r = pump(in_fd, out_fd, fd);
        if (r < 0)
                log_warning_errno(r, "The connection to the signer at %s broke off", path);
        return 0;
}

static int to_signer(const Crossing *crossing _unused_, int fd, const DoorWord *door)
{
        char path[DOOR_PATH_MAX];
        int r;

        (void) snprintf(path, sizeof(path), "/run/acme/door/%s", door->text);
        r = carry(fd, fd, path);
        if (r < 0)
                log_error_errno(r, "Failed to reach the signer at %s", path);
        return r < 0 ? EXIT_TRY_AGAIN : EXIT_DONE;
}

static int serve(const char *name)
{
        const Crossing crossing = {
                        .name = name,
                        .linger_seconds = LINGER_SECONDS,
                        .cross = to_signer,
        };
        int r = crossing_run(&crossing);

        if (r == -ENOTCONN)
                log_error("acme-signer-bridge --serve is started by acme-signer-bridge@%s.socket",
                          name);
        else if (r < 0)
                log_error_errno(r, "Failed to serve the bridge to the signer of %s", name);
        return r < 0 ? EXIT_BUG : EXIT_DONE;
}

/* Here and, by ssh, in the journal of the other machine, where somebody waits for it. */
static _printf_(1, 2) void tell(const char *format, ...)
{
        char message[512];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        log_error("%s", message);
        fprintf(stderr, "%s\n", message);
}

/* Where ssh has brought us from. */
static int from_ssh(const char *name, const DoorWord *door)
{
        char path[DOOR_PATH_MAX];
        int r;

        if (!door) {
                tell("Refused by the key host: this ssh key is for the certificate %s, and for "
                     "\"acme-signer-bridge %s renew\" and the like alone. Something else was asked "
                     "for; see authorized_keys there",
                     name,
                     name);
                return EXIT_REFUSED;
        }
        r = carry(STDIN_FILENO, STDOUT_FILENO, door_path(door, name, path));
        if (r < 0)
                tell("Nobody listens at %s on the key host (%s): there, \"systemctl enable --now "
                     "acme-signer-bridge@%s.socket\", and let this user be in the group of it",
                     path,
                     strerror(-r),
                     name);
        return r < 0 ? EXIT_TRY_AGAIN : EXIT_DONE;
}

int main(int argc, char *argv[])
{
        const char *command = getenv("SSH_ORIGINAL_COMMAND");
        bool is_serving = argc == 3 && streq(argv[1], "--serve");
        const char *name = is_serving ? argv[2] : argv[1];
        DoorWord door;
        int r;

        log_open("acme-signer-bridge");
        if (argc < 2 || argc > 3 || !certificate_name_is_valid(name)) {
                log_error("Usage: acme-signer-bridge NAME [DOOR], where NAME "
                          "is " CERTIFICATE_NAME_GRAMMAR "; see acme-signer-bridge(8)");
                return EXIT_CONFIGURATION;
        }
        log_set_certificate(name);
        (void) signal(SIGPIPE, SIG_IGN);
        if (is_serving)
                return serve(name);
        /* By hand the door is an argument; by ssh it never is. */
        if (argc == 3 && !command)
                r = door_word_set(&door, argv[2], strlen(argv[2]));
        else
                r = door_word_of_command(command ?: "", name, &door);
        return from_ssh(name, r < 0 ? NULL : &door);
}
