/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As a zone file has it, so that it can be copied. */

#include "dns/persistent.h"

#include "base/audit.h"

/* RFC 1035 section 3.3: a string has so many characters at most, and a record several. */
#define STRING_MAX 255U

/* Return: NULL without memory. */
static char *format(const char *identifier, const char *value)
{
        size_t n = strlen(value);
        int first = (int) MIN(n, STRING_MAX);
        char *text;

        if (asprintf(&text,
                     "_validation-persist.%s. TXT \"%.*s\"%s%s%s",
                     identifier,
                     first,
                     value,
                     n > STRING_MAX ? " \"" : "",
                     value + first,
                     n > STRING_MAX ? "\"" : "") < 0)
                return NULL;
        return text;
}

int persistent_tell(const char *identifier, const char *value, const char *reason, char **ret)
{
        _cleanup_free_ char *record = format(identifier, value);

        *ret = NULL;
        if (!record)
                return -ENOMEM;
        if (!reason) {
                audit(AUDIT_RECORD_SEEN,
                      "The record that proves a name for good is in DNS",
                      {AUDIT_IDENTIFIERS, identifier},
                      {AUDIT_RECORD, record});
                return 0;
        }
        if (asprintf(ret,
                     "make it, for good, and start the renewal again: %s (%s)",
                     record,
                     reason) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        audit(AUDIT_RECORD_WANTED,
              *ret,
              {AUDIT_IDENTIFIERS, identifier},
              {AUDIT_RECORD, record},
              {AUDIT_REASON, reason});
        return 0;
}
