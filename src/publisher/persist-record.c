/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "publisher/persist-record.h"

#define BLANK " \t"

/* Seconds that are still a usec_t. */
#define UNTIL_DIGITS_MAX 12U

/* Without the blanks around it. */
static char *strip(char *s)
{
        size_t n;

        s += strspn(s, BLANK);
        for (n = strlen(s); n > 0 && strchr(BLANK, s[n - 1]); n--)
                s[n - 1] = 0;
        return s;
}

static int take_until(const char *value, PersistRecord *record)
{
        size_t n = strspn(value, "0123456789");

        if (n == 0 || n > UNTIL_DIGITS_MAX || value[n])
                return -EBADMSG;
        record->until_usec = strtoull(value, NULL, 10) * USEC_PER_SEC;
        return 0;
}

/* A parameter that stands there twice is nobody's to choose from. */
static int take_parameter(const char *tag, const char *value, PersistRecord *record)
{
        if (streq(tag, "accounturi")) {
                if (record->account_uri || !*value)
                        return -EBADMSG;
                record->account_uri = value;
        } else if (streq(tag, "policy"))
                record->is_wildcard = streq(value, "wildcard");
        else if (streq(tag, "persistUntil")) {
                if (record->until_usec != USEC_INFINITY)
                        return -EBADMSG;
                return take_until(value, record);
        }
        return 0;
}

int persist_record_parse(char *text, PersistRecord *ret)
{
        PersistRecord record = {.until_usec = USEC_INFINITY};
        char *next = text;

        record.issuer = strip(strsep(&next, ";"));
        while (next) {
                char *tag = strip(strsep(&next, ";")), *equals = strchr(tag, '=');
                int r;

                /* A last ';' with nothing behind it. */
                if (!*tag)
                        continue;
                if (!equals)
                        return -EBADMSG;
                *equals = 0;
                r = take_parameter(strip(tag), strip(equals + 1), &record);
                if (r < 0)
                        return r;
        }
        if (!*record.issuer || !record.account_uri)
                return -EBADMSG;
        *ret = record;
        return 0;
}

bool persist_record_is(const PersistRecord *found, const PersistRecord *wanted, usec_t now_usec)
{
        return streq(found->issuer, wanted->issuer) &&
               streq(found->account_uri, wanted->account_uri) &&
               (found->is_wildcard || !wanted->is_wildcard) && found->until_usec > now_usec;
}
