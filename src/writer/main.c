/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-deploy-write NAME LABEL: writes the files of one section [Deploy LABEL] of NAME, and says by
 * its exit status whether there was anything to do. acme-deploy@NAME.service has PID 1 run it in a
 * unit of its own, which may write to the directories of that section and to nothing else.
 *
 * It may read NAME's key and give files away. It trusts its command line, which is the
 * controller's, the configuration, which is root's, and of the store only what fits together. */

#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/name.h"
#include "writer/material.h"
#include "writer/writer.h"

static ExitStatus run(const WriterRequest *request)
{
        _cleanup_(failure_done) Failure failure = {};
        bool is_written = false;
        int r;

        r = writer_run(request, &is_written, &failure);
        if (r == 0)
                return is_written ? EXIT_WRITTEN : EXIT_DONE;
        if (r == WRITER_E_CONFIGURATION)
                return EXIT_CONFIGURATION;
        if (r == WRITER_E_FAILED) {
                failure_report(&failure, request->label);
                log_flush();
                return failure_exit_status(failure.reason);
        }
        log_error_errno(r, "Failed to write the files of [Deploy %s]", request->label);
        return r == -ENOMEM ? EXIT_TRY_AGAIN : EXIT_BUG;
}

int main(int argc, char *argv[])
{
        log_open("acme-deploy-write");
        if (argc != 3 || !certificate_name_is_valid(argv[1])) {
                log_error("Called with a wrong command line; it is \"acme-deploy-write NAME "
                          "LABEL\"");
                return EXIT_BUG;
        }
        log_set_certificate(argv[1]);
        umask(0077);
        /* No core file, no debugger, nobody else's look at /proc/PID/mem. */
        if (prctl(PR_SET_DUMPABLE, 0) < 0) {
                log_error_errno(-errno, "Failed to protect the memory that keys are in");
                return EXIT_BUG;
        }
        material_library_init();
        return run(&(WriterRequest){
                        .root = "",
                        .name = argv[1],
                        .label = argv[2],
                        .credentials = getenv("CREDENTIALS_DIRECTORY"),
        });
}
