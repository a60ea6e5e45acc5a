/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-signer NAME: the room that holds the keys. PID 1 starts it when somebody knocks at NAME's
 * door, and stops it with SIGTERM when the door is taken away. See units/acme-signer@.service for
 * what it may do, and README.md for what it must never. */

#include <signal.h>
#include <sys/prctl.h>
#include <systemd/sd-event.h>

#include "base/exit-status.h"
#include "base/log.h"
#include "signer/key.h"
#include "signer/signer.h"
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

static int run(const char *name)
{
        _cleanup_(event_unrefp) sd_event *event = NULL;
        _cleanup_(signer_freep) Signer *signer = NULL;
        int fd, r;

        fd = varlink_listen_fd();
        if (fd < 0)
                return log_error_errno(fd,
                                       "acme-signer serves a socket that systemd hands it; start "
                                       "acme-signer@%s.socket instead",
                                       name);
        /* 1 for a new loop. */
        r = sd_event_default(&event);
        if (r >= 0)
                r = handle_signals(event);
        if (r >= 0)
                r = signer_new(event, "", name, now_realtime, &signer);
        if (r >= 0)
                r = signer_serve(signer, fd);
        if (r >= 0)
                r = sd_event_loop(event);
        if (r < 0)
                return log_error_errno(r, "The signer of %s failed", name);
        return r;
}

int main(int argc, char *argv[])
{
        log_open("acme-signer");
        if (argc != 2) {
                log_error("Usage: acme-signer NAME");
                return EXIT_CONFIGURATION;
        }
        log_set_certificate(argv[1]);
        /* No core file, no debugger, nobody else's look at /proc/PID/mem. */
        if (prctl(PR_SET_DUMPABLE, 0) < 0) {
                log_error_errno(-errno, "Failed to protect the signer's memory");
                return EXIT_BUG;
        }
        key_library_init();
        return run(argv[1]) < 0 ? EXIT_BUG : EXIT_DONE;
}
