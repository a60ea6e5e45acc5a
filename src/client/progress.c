/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* STATUS= by sd_notify(3). Nobody may be listening, and nothing depends on it. */

#include "client/progress.h"

#include <stdarg.h>

#include <systemd/sd-daemon.h>

#define STATUS_MAX 512U

void progress(const char *format, ...)
{
        char text[sizeof("STATUS=") + STATUS_MAX] = "STATUS=";
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text + strlen(text), STATUS_MAX, format, args);
        va_end(args);
        (void) sd_notify(0, text);
}
