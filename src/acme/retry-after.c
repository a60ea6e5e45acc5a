/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Retry-After: how long a CA asks us to wait. The value decides when our timer may knock again, so
 * that it is read strictly, and what it may demand is bounded. Nothing here looks at a clock. */

#include "acme/retry-after.h"

#include <time.h>

#include "acme/timestamp.h"

/* The longest of the three forms: "Wednesday, 30-Sep-26 23:59:59 GMT". */
#define DATE_LENGTH_MAX 40U

static const char *const months[] = {"Jan",
                                     "Feb",
                                     "Mar",
                                     "Apr",
                                     "May",
                                     "Jun",
                                     "Jul",
                                     "Aug",
                                     "Sep",
                                     "Oct",
                                     "Nov",
                                     "Dec"};
static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const long_days[] =
                {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

/* Each take_…() reads one piece at *p and steps over it. */
static bool take_text(const char **p, const char *text)
{
        const char *rest = startswith(*p, text);

        if (!rest)
                return false;
        *p = rest;
        return true;
}

static bool take_word(const char **p, const char *const words[], size_t n, int *ret)
{
        for (size_t i = 0; i < n; i++)
                if (take_text(p, words[i])) {
                        if (ret)
                                *ret = (int) i;
                        return true;
                }
        return false;
}

static bool take_digits(const char **p, unsigned digits, int *ret)
{
        int value = 0;

        for (unsigned i = 0; i < digits; i++) {
                char c = (*p)[i];

                if (c < '0' || c > '9')
                        return false;
                value = value * 10 + (c - '0');
        }
        *p += digits;
        *ret = value;
        return true;
}

static bool take_time(const char **p, struct tm *tm)
{
        return take_digits(p, 2, &tm->tm_hour) && take_text(p, ":") &&
               take_digits(p, 2, &tm->tm_min) && take_text(p, ":") &&
               take_digits(p, 2, &tm->tm_sec) && tm->tm_hour <= 23 && tm->tm_min <= 59 &&
               tm->tm_sec <= 60;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool parse_imf_fixdate(const char *p, struct tm *tm)
{
        return take_word(&p, days, ELEMENTSOF(days), NULL) && take_text(&p, ", ") &&
               take_digits(&p, 2, &tm->tm_mday) && take_text(&p, " ") &&
               take_word(&p, months, ELEMENTSOF(months), &tm->tm_mon) && take_text(&p, " ") &&
               take_digits(&p, 4, &tm->tm_year) && take_text(&p, " ") && take_time(&p, tm) &&
               streq(p, " GMT");
}

/* "Sunday, 06-Nov-94 08:49:37 GMT": of the years with these two digits the nearest one; a year more
 * than 50 years ahead is in the past (RFC 9110 section 5.6.7). */
static bool parse_rfc850(const char *p, int this_year, struct tm *tm)
{
        int year;

        if (!(take_word(&p, long_days, ELEMENTSOF(long_days), NULL) && take_text(&p, ", ") &&
              take_digits(&p, 2, &tm->tm_mday) && take_text(&p, "-") &&
              take_word(&p, months, ELEMENTSOF(months), &tm->tm_mon) && take_text(&p, "-") &&
              take_digits(&p, 2, &year) && take_text(&p, " ") && take_time(&p, tm) &&
              streq(p, " GMT")))
                return false;

        year += this_year - this_year % 100;
        if (year > this_year + 50)
                year -= 100;
        else if (year < this_year - 50)
                year += 100;
        tm->tm_year = year;
        return true;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool parse_asctime(const char *p, struct tm *tm)
{
        return take_word(&p, days, ELEMENTSOF(days), NULL) && take_text(&p, " ") &&
               take_word(&p, months, ELEMENTSOF(months), &tm->tm_mon) && take_text(&p, " ") &&
               (take_text(&p, " ") ? take_digits(&p, 1, &tm->tm_mday)
                                   : take_digits(&p, 2, &tm->tm_mday)) &&
               take_text(&p, " ") && take_time(&p, tm) && take_text(&p, " ") &&
               take_digits(&p, 4, &tm->tm_year) && *p == '\0';
}

static int parse_date(const char *value, usec_t now_usec, usec_t *ret_moment_usec)
{
        time_t now = (time_t) (now_usec / USEC_PER_SEC);
        struct tm today, tm = {};
        time_t moment;

        if (strnlen(value, DATE_LENGTH_MAX + 1) > DATE_LENGTH_MAX)
                return -EINVAL;
        if (!gmtime_r(&now, &today))
                return -EINVAL;
        if (!parse_imf_fixdate(value, &tm)) {
                tm = (struct tm){};
                if (!parse_rfc850(value, today.tm_year + 1900, &tm)) {
                        tm = (struct tm){};
                        if (!parse_asctime(value, &tm))
                                return -EINVAL;
                }
        }

        if (!acme_date_is_valid(tm.tm_year, tm.tm_mon + 1, tm.tm_mday))
                return -EINVAL;
        tm.tm_year -= 1900;
        moment = timegm(&tm);
        if (moment < 0)
                return -EINVAL;
        *ret_moment_usec = (usec_t) moment * USEC_PER_SEC;
        return 0;
}

int retry_after_parse(const char *value, const char *date, usec_t now_usec, usec_t *ret_span_usec)
{
        usec_t moment_usec, seconds = 0;
        size_t digits;
        int r;

        digits = strspn(value, "0123456789");
        if (digits > 0 && value[digits] == '\0') {
                for (size_t i = 0; i < digits && seconds <= RETRY_AFTER_MAX_USEC / USEC_PER_SEC;
                     i++)
                        seconds = seconds * 10 + (usec_t) (value[i] - '0');
                *ret_span_usec = MIN(seconds * USEC_PER_SEC, RETRY_AFTER_MAX_USEC);
                return 0;
        }

        r = parse_date(value, now_usec, &moment_usec);
        if (r < 0)
                return r;
        if (date)
                (void) parse_date(date, now_usec, &now_usec);
        *ret_span_usec = moment_usec <= now_usec
                                         ? 0
                                         : MIN(moment_usec - now_usec, RETRY_AFTER_MAX_USEC);
        return 0;
}
