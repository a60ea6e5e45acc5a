/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Moments and spans. The clocks are read here and nowhere else. */

#include <time.h>

#include "base/time-util.h"

static usec_t now(clockid_t clock)
{
        struct timespec ts;

        /* Cannot fail for these two clocks and a valid pointer: clock_gettime(2). */
        (void) clock_gettime(clock, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

usec_t now_realtime(void)
{
        return now(CLOCK_REALTIME);
}

usec_t now_monotonic(void)
{
        return now(CLOCK_MONOTONIC);
}

/* The year 10000 does not fit RFC 3339's four digits. */
#define TIMESTAMP_END_SEC 253402300800

const char *format_timestamp(char buffer[static TIMESTAMP_MAX], usec_t moment_usec)
{
        time_t seconds = (time_t) (moment_usec / USEC_PER_SEC);
        struct tm tm;

        if (seconds >= TIMESTAMP_END_SEC || !gmtime_r(&seconds, &tm) ||
            strftime(buffer, TIMESTAMP_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                strcpy(buffer, "never");
        return buffer;
}

const char *format_timespan(char buffer[static TIMESPAN_MAX], usec_t span_usec)
{
        static const struct {
                const char *name;
                usec_t usec;
        } units[] = {
                        {"d", USEC_PER_DAY},
                        {"h", USEC_PER_HOUR},
                        {"min", USEC_PER_MINUTE},
                        {"s", USEC_PER_SEC},
                        {"ms", USEC_PER_MSEC},
                        {"us", 1},
        };
        size_t i = 0;
        usec_t rest;
        int n;

        if (span_usec == USEC_INFINITY)
                return strcpy(buffer, "forever");
        if (span_usec == 0)
                return strcpy(buffer, "0s");
        while (span_usec < units[i].usec)
                i++;
        n = snprintf(buffer,
                     TIMESPAN_MAX,
                     "%" PRIu64 "%s",
                     span_usec / units[i].usec,
                     units[i].name);
        rest = span_usec % units[i].usec;
        if (n > 0 && i + 1 < ELEMENTSOF(units) && rest >= units[i + 1].usec)
                snprintf(buffer + n,
                         TIMESPAN_MAX - (size_t) n,
                         " %" PRIu64 "%s",
                         rest / units[i + 1].usec,
                         units[i + 1].name);
        return buffer;
}
