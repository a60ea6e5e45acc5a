/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A process that holds keys: nobody may look into it, and all that it hears of the world is its
 * doors. */

#include "signer/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <systemd/sd-event.h>

#include "base/exit-status.h"
#include "base/log.h"
#include "signer/account-door.h"
#include "signer/key.h"
#include "varlink/varlink-server.h"

static void event_unrefp(sd_event **event)
{
        sd_event_unref(*event);
}

/* SIGTERM is blocked, in threads that come later too, and ends the loop after everything else that
 * is waiting: a client that has gone is counted before we go ourselves. */
static int handle_signals(sd_event *event)
{
        static const int signals[] = {SIGTERM, SIGINT};

        FOREACH_ARRAY (signal, signals, ELEMENTSOF(signals)) {
                sd_event_source *source;
                int r;

                r = sd_event_add_signal(event,
                                        &source,
                                        *signal | SD_EVENT_SIGNAL_PROCMASK,
                                        NULL,
                                        NULL);
                if (r < 0)
                        return r;
                (void) sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE);
                (void) sd_event_source_set_floating(source, true);
                sd_event_source_unref(source);
        }
        return 0;
}

static int open_door(const SignerProcess *process, Signer *signer, const char *name, int fd)
{
        Door door;
        int r;

        r = door_of_socket(fd, name, &door);
        if (r == 0 && !(process->doors & door))
                r = -ENOTCONN;
        return r < 0 ? r : signer_serve(signer, door, fd);
}

/* account_door: NULL: none */
static int run(const SignerProcess *process, const char *name, const char *account_door)
{
        _cleanup_(event_unrefp) sd_event *event = NULL;
        _cleanup_(signer_freep) Signer *signer = NULL;
        int fd, r;

        fd = varlink_listen_fds(process->n_doors);
        if (fd < 0)
                return log_error_errno(
                                fd,
                                "%s serves sockets that systemd hands it; start %s@%s.socket "
                                "instead",
                                process->program,
                                process->program,
                                name);
        /* 1 for a new loop. */
        r = sd_event_default(&event);
        if (r >= 0)
                r = handle_signals(event);
        if (r >= 0)
                r = process->make(event, "", name, now_realtime, &signer);
        if (r >= 0 && account_door)
                r = signer_use_account_door(signer, account_door);
        for (int i = 0; r >= 0 && i < process->n_doors; i++)
                r = open_door(process, signer, name, fd + i);
        if (r >= 0)
                r = sd_event_loop(event);
        if (r < 0)
                return log_error_errno(r, "The signer of %s failed", name);
        return r;
}

int signer_process(const SignerProcess *process, int argc, char *argv[])
{
        const char *account_door = NULL;

        log_open(process->program);
        if (argc == 3 && process->is_for_certificate) {
                account_door = startswith(argv[1], ACCOUNT_DOOR_OPTION);
                if (account_door) {
                        argv++;
                        argc--;
                }
        }
        if (argc != 2) {
                log_error("Usage: %s %s", process->program, process->argument);
                return EXIT_CONFIGURATION;
        }
        if (process->is_for_certificate)
                log_set_certificate(argv[1]);
        /* No core file, no debugger, nobody else's look at /proc/PID/mem. */
        if (prctl(PR_SET_DUMPABLE, 0) < 0) {
                log_error_errno(-errno, "Failed to protect the signer's memory");
                return EXIT_BUG;
        }
        key_library_init();
        return run(process, argv[1], account_door) < 0 ? EXIT_BUG : EXIT_DONE;
}
