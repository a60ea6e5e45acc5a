/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RFC 3339 timestamps from a CA. All arithmetic is on bounded numbers; nothing looks at a clock. */

#include "acme/timestamp.h"

#include <time.h>

bool acme_date_is_valid(int year, int month, int day)
{
        static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        if (year < 1970 || year > 9999 || month < 1 || month > 12)
                return false;
        return day >= 1 && day <= days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* Digits stand for themselves in the pattern's 'd', a 't' for 'T' and 't', the rest for itself. */
static bool matches(const char *text, const char *pattern)
{
        for (; *pattern; text++, pattern++) {
                bool ok;

                if (*pattern == 'd')
                        ok = *text >= '0' && *text <= '9';
                else if (*pattern == 't')
                        ok = *text == 'T' || *text == 't';
                else
                        ok = *text == *pattern;
                if (!ok)
                        return false;
        }
        return true;
}

static int number(const char *text, unsigned digits)
{
        int value = 0;

        for (unsigned i = 0; i < digits; i++)
                value = value * 10 + (text[i] - '0');
        return value;
}

/* RFC 3339 section 5.6: time-offset. */
static int parse_offset(const char *text, time_t *ret_seconds)
{
        int hours, minutes;

        if (streq(text, "Z") || streq(text, "z")) {
                *ret_seconds = 0;
                return 0;
        }
        if ((text[0] != '+' && text[0] != '-') || !matches(text + 1, "dd:dd") || text[6] != '\0')
                return -EINVAL;
        hours = number(text + 1, 2);
        minutes = number(text + 4, 2);
        if (hours > 23 || minutes > 59)
                return -EINVAL;
        *ret_seconds = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
        return 0;
}

int acme_timestamp_parse(const char *text, usec_t *ret_usec)
{
        time_t offset, seconds;
        struct tm tm;
        int r;

        if (!matches(text, "dddd-dd-ddtdd:dd:dd"))
                return -EINVAL;
        if (!acme_date_is_valid(number(text, 4), number(text + 5, 2), number(text + 8, 2)))
                return -EINVAL;
        tm = (struct tm){
                        .tm_year = number(text, 4) - 1900,
                        .tm_mon = number(text + 5, 2) - 1,
                        .tm_mday = number(text + 8, 2),
                        .tm_hour = number(text + 11, 2),
                        .tm_min = number(text + 14, 2),
                        .tm_sec = number(text + 17, 2),
        };
        if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
                return -EINVAL;

        text += strlen("dddd-dd-ddtdd:dd:dd");
        if (*text == '.') {
                size_t digits = strspn(text + 1, "0123456789");

                if (digits == 0)
                        return -EINVAL;
                text += 1 + digits;
        }
        r = parse_offset(text, &offset);
        if (r < 0)
                return r;

        seconds = timegm(&tm) - offset;
        if (seconds < 0)
                return -EINVAL;
        *ret_usec = (usec_t) seconds * USEC_PER_SEC;
        return 0;
}
