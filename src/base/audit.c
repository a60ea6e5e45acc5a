/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The audit trail. Callers hand over values as they came: this is the one place through which all
 * of them pass, so it is here that they are escaped and bounded. */

#include "base/audit.h"
#include "base/escape.h"
#include "base/log.h"

/* Longest message; it is one sentence. */
#define AUDIT_MESSAGE_MAX 4096U

typedef struct AuditRow {
        const char *field; /* "MESSAGE_ID=" and the digits */
        int level;
} AuditRow;

static const AuditRow rows[AUDIT_EVENTS_MAX] = {
#define AUDIT_EVENT(name, id, level) [AUDIT_##name] = {"MESSAGE_ID=" id, level},
#include "base/audit-events.h"
#undef AUDIT_EVENT
};

const char *audit_message_id(AuditEvent event)
{
        assert(event < AUDIT_EVENTS_MAX);
        return rows[event].field + strlen("MESSAGE_ID=");
}

/* "ACME_URL=" and the value, escaped. Return: 0, -ENOMEM. */
static int make_field(const AuditField *field, struct iovec *ret)
{
        _cleanup_free_ char *value = NULL;
        char *text;
        int n;

        value = escape_foreign(field->value, strlen(field->value), AUDIT_VALUE_MAX);
        if (!value)
                return -ENOMEM;
        n = asprintf(&text, "%s%s", field->key, value);
        if (n < 0)
                return -ENOMEM;
        *ret = (struct iovec){text, (size_t) n};
        return 0;
}

void audit_fields(AuditEvent event, const char *message, const AuditField *fields, size_t n_fields)
{
        _cleanup_free_ char *text = NULL;
        struct iovec iov[LOG_FIELDS_MAX];
        size_t n = 0;

        assert(event < AUDIT_EVENTS_MAX);
        assert(n_fields < LOG_FIELDS_MAX);
        iov[n++] = (struct iovec){(char *) rows[event].field, strlen(rows[event].field)};
        FOREACH_ARRAY (field, fields, n_fields) {
                if (!field->value)
                        continue;
                if (make_field(field, &iov[n]) < 0) {
                        log_oom();
                        continue;
                }
                n++;
        }
        text = escape_message(message, strlen(message), AUDIT_MESSAGE_MAX);
        log_entry(rows[event].level, text ?: "(not enough memory)", iov, n, 1);
        while (n > 1)
                free(iov[--n].iov_base);
}
