/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "publisher/report.h"

#include <stdarg.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"

/* PID 1 has to have read the status before it sees us end. */
#define BARRIER_USEC (2 * 1000 * 1000ULL)

int report(int outcome, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0) {
                text = NULL;
                return -ENOMEM;
        }
        log_error("%s", text);
        (void) sd_notifyf(0, "STATUS=%s", text);
        (void) sd_notify_barrier(0, BARRIER_USEC);
        return outcome;
}
