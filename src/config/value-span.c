/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Spans of time: "36h", "10d". One number and one unit, since nobody wants a certificate for three
 * days, two hours and a minute. */

#include "base/time-util.h"
#include "config/value.h"

/* No certificate of RFC 5280 that a server could use is for longer. */
#define SPAN_MAX_MINUTES ((uint64_t) 3650 * 1440)
#define DIGITS_MAX 9U

static const struct {
        const char *name;
        unsigned minutes;
} units[] = {
                {"min", 1},
                {"h", 60},
                {"d", 1440},
                {"w", 7 * 1440},
};

int value_check_span(const char *word, char **ret, const char **ret_reason)
{
        size_t n = strspn(word, "0123456789");
        uint64_t minutes = 0;
        char text[32];

        FOREACH_ARRAY (u, units, ELEMENTSOF(units))
                if (n > 0 && n <= DIGITS_MAX && streq(word + n, u->name))
                        minutes = strtoull(word, NULL, 10) * u->minutes;
        if (minutes == 0 || minutes > SPAN_MAX_MINUTES) {
                *ret_reason = "no span of a minute to ten years";
                return VALUE_E_INVALID;
        }
        (void) snprintf(text, sizeof(text), "%" PRIu64 "min", minutes);
        return free_and_strdup(ret, text);
}

usec_t value_span_usec(const char *normal)
{
        return normal ? strtoull(normal, NULL, 10) * USEC_PER_MINUTE : 0;
}
