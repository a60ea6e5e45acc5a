/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-signer-remote NAME COMMAND…: the end on the web host, in the place of NAME's signer, behind
 * the same doors. For each connection it runs COMMAND… DOOR with the connection as its standard
 * input and output; in acme-signer-remote@.service that is ssh. It holds nothing, and reads
 * nothing of what passes. */

#include <signal.h>
#include <unistd.h>

#include "base/exit-status.h"
#include "base/log.h"
#include "base/name.h"
#include "bridge/crossing.h"

/* More than any command has. */
#define WORDS_MAX 64U

static int to_command(const Crossing *crossing, int fd, const DoorWord *door)
{
        char *words[WORDS_MAX + 2] = {};
        unsigned n = 0;

        for (char **word = crossing->command; *word; word++)
                words[n++] = *word;
        words[n] = strdup(door->text);
        if (!words[n] || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0) {
                log_error_errno(-errno, "Failed to prepare %s", words[0]);
                return EXIT_TRY_AGAIN;
        }
        (void) execv(words[0], words);
        log_error_errno(-errno, "Failed to execute %s", words[0]);
        return EXIT_CONFIGURATION;
}

int main(int argc, char *argv[])
{
        Crossing crossing = {.linger_seconds = -1, .cross = to_command};
        int r;

        log_open("acme-signer-remote");
        if (argc < 3 || argc > (int) WORDS_MAX || !certificate_name_is_valid(argv[1])) {
                log_error("Usage: acme-signer-remote NAME COMMAND [ARGUMENT...], where NAME "
                          "is " CERTIFICATE_NAME_GRAMMAR "; see acme-signer-bridge(8)");
                return EXIT_CONFIGURATION;
        }
        crossing.name = argv[1];
        crossing.command = argv + 2;
        log_set_certificate(crossing.name);
        r = crossing_run(&crossing);
        if (r == -ENOTCONN)
                log_error("acme-signer-remote is started by acme-signer@%s.socket, with the line "
                          "\"Service=acme-signer-remote@%%i.service\" in a drop-in of it",
                          crossing.name);
        else if (r < 0)
                log_error_errno(r, "Failed to serve the doors of %s", crossing.name);
        return r < 0 ? EXIT_BUG : EXIT_DONE;
}
