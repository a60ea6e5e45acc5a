/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acmeward-generator NORMAL [EARLY LATE]: tells PID 1, when it loads its units, what acme.conf says
 * about ports and directories: systemd.generator(7). */

#include <fcntl.h>

#include "base/exit-status.h"
#include "base/log.h"
#include "generator/wiring.h"

/* Is there where the kernel has IPv6, in every network namespace. */
#define IPV6_PROOF "/proc/self/net/if_inet6"

int main(int argc, char *argv[])
{
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_close_ int directory_fd = -EBADF;
        int r;

        log_open("acmeward-generator");
        if (argc != 2 && argc != 4) {
                log_error("Usage: acmeward-generator NORMAL [EARLY LATE]; systemd runs it");
                return EXIT_BUG;
        }
        r = config_load(NULL, "", &config, &error);
        if (r == CONFIG_E_INVALID) {
                log_error("No port is listened on for ACME challenges until this is mended and "
                          "\"systemctl daemon-reload\" was run: %s",
                          error.message);
                return EXIT_CONFIGURATION;
        }
        if (r < 0)
                return log_oom(), EXIT_BUG;
        directory_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = directory_fd < 0 ? -errno
                             : wiring_write(config, access(IPV6_PROOF, F_OK) == 0, directory_fd);
        if (r < 0)
                return log_error_errno(r, "Failed to write units to %s", argv[1]), EXIT_BUG;
        return EXIT_DONE;
}
