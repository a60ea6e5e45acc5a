/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One audit entry for each endpoint, and for each step that was skipped. Everything in a message is
 * ours, the configuration's, or hexadecimal: of what servers say, nothing is repeated. */

#include "verify/report.h"

#include <netdb.h>
#include <netinet/in.h>

#include "base/audit.h"
#include "base/log.h"

/* Two names of units or of hosts at most, and a sentence. */
#define MESSAGE_MAX 2048U

static bool holds(const PortHolder *holder, const struct sockaddr_storage *peer)
{
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) peer;
        const struct sockaddr_in *in = (const struct sockaddr_in *) peer;

        if (holder->family == AF_INET6 && port_holder_is_wildcard(holder))
                return peer->ss_family == AF_INET6 || !holder->is_v6_only;
        if (holder->family != peer->ss_family)
                return false;
        if (holder->family == AF_INET)
                return port_holder_is_wildcard(holder) ||
                       holder->address.in.s_addr == in->sin_addr.s_addr;
        return IN6_ARE_ADDR_EQUAL(&holder->address.in6, &in6->sin6_addr);
}

static int find_unit(Endpoint *endpoint)
{
        PortHolder holders[PORT_HOLDERS_MAX];
        _cleanup_free_ char *unit = NULL;
        size_t n = 0;
        int r;

        if (port_holders_find(endpoint->port, holders, &n) < 0)
                return 0;
        for (size_t i = 0; i < n && !unit; i++) {
                if (!holds(holders + i, &endpoint->finding.peer))
                        continue;
                r = port_holder_unit(holders + i, &unit);
                if (r < 0)
                        return r;
        }
        if (unit) {
                free(endpoint->unit);
                endpoint->unit = TAKE_PTR(unit);
        }
        return 0;
}

int report_find_units(Endpoint *endpoints, size_t n)
{
        int r = 0;

        FOREACH_ARRAY (e, endpoints, n)
                if (r == 0 && e->finding.is_local)
                        r = find_unit(e);
        return r;
}

/* ", which is a placeholder" and the like. */
static const char *placeholder_note(const Expected *expected)
{
        return expected->is_placeholder ? " (a placeholder, until a CA has issued one)" : "";
}

/* "localhost:443 (nginx.service)" */
static void format_who(const Endpoint *e, char buffer[static MESSAGE_MAX])
{
        (void) snprintf(buffer,
                        MESSAGE_MAX,
                        "%s%s%s%s",
                        e->text,
                        e->unit ? " (" : "",
                        e->unit ?: "",
                        e->unit ? ")" : "");
}

static void
format_failure(const Endpoint *e, const Expected *expected, char buffer[static MESSAGE_MAX])
{
        const Finding *f = &e->finding;
        char who[MESSAGE_MAX / 2];
        const char *why = "", *separator;

        format_who(e, buffer);
        (void) snprintf(who, sizeof(who), "%.*s", (int) sizeof(who) - 1, buffer);
        if (f->reason == VERIFY_E_OTHER_CERTIFICATE) {
                (void) snprintf(buffer,
                                MESSAGE_MAX,
                                "%s serves another certificate: serial number %s instead of %s%s; "
                                "reload or restart what serves it, or correct its configuration",
                                who,
                                f->serial ?: "unknown",
                                expected->serial,
                                placeholder_note(expected));
                return;
        }
        if (f->reason == VERIFY_E_NO_CONNECTION)
                why = strerrordesc_np(f->error) ?: "";
        else if (f->reason == VERIFY_E_UNKNOWN_HOST)
                why = gai_strerror(f->error);
        else if (f->detail)
                why = f->detail;
        separator = *why ? ": " : "";
        (void) snprintf(buffer,
                        MESSAGE_MAX,
                        "%s %s%s%s, where the certificate with serial number %s ought to be "
                        "served%s; %s, or correct Verify= of the certificate",
                        who,
                        verify_reason_explain(f->reason),
                        separator,
                        why,
                        expected->serial,
                        placeholder_note(expected),
                        f->reason == VERIFY_E_NO_CONNECTION
                                        ? "start what serves it, have it listen there"
                                        : "mend what serves it");
}

static void report_one(const Endpoint *e, const Expected *expected)
{
        bool is_right = e->finding.reason == VERIFY_OK;
        char message[MESSAGE_MAX], who[MESSAGE_MAX];

        format_who(e, who);
        if (is_right)
                (void) snprintf(message,
                                sizeof(message),
                                "%.*s serves the live certificate, serial number %s%s",
                                (int) sizeof(message) / 2,
                                who,
                                expected->serial,
                                placeholder_note(expected));
        else
                format_failure(e, expected, message);
        audit(is_right ? AUDIT_VERIFIED : AUDIT_VERIFY_FAILED,
              message,
              {AUDIT_ENDPOINT, e->text},
              {AUDIT_TARGET, e->target},
              {AUDIT_UNIT, e->unit},
              {AUDIT_SERIAL, expected->serial},
              {AUDIT_SERIAL_SERVED, e->finding.serial},
              {AUDIT_FINGERPRINT, expected->fingerprint},
              {AUDIT_PLACEHOLDER, expected->is_placeholder ? "yes" : NULL},
              {AUDIT_REASON, verify_reason_to_string(e->finding.reason)});
}

unsigned report_endpoints(const Endpoint *endpoints, size_t n, const Expected *expected)
{
        unsigned n_failed = 0;

        FOREACH_ARRAY (e, endpoints, n) {
                report_one(e, e->finding.is_second ? expected->second : expected);
                if (e->finding.reason == VERIFY_OK && e->finding.has_second &&
                    !e->finding.is_second)
                        report_one(e, expected->second);
                n_failed += e->finding.reason != VERIFY_OK;
        }
        return n_failed;
}

void report_skip(const Skip *skip, const char *name)
{
        static const struct {
                const char *reason, *sentence;
        } rows[] = {
                        {SKIP_NOTHING_LIVE, "there is no certificate yet"},
                        {SKIP_NO_TARGETS, "it has no [Deploy] section and no Consumers="},
                        {SKIP_NO_UNITS, "it names no unit; Verify= can say who serves it"},
                        {SKIP_NOTHING_FOUND,
                         "it does not run, or listens on no well-known TLS port; Verify= can say "
                         "where "
                         "it serves"},
                        {SKIP_SEVERAL_FOUND,
                         "it listens on several TLS ports or addresses, or shares one; Verify= "
                         "can say "
                         "where it serves"},
                        {SKIP_KERNEL_SILENT,
                         "the kernel does not tell who listens; Verify= can say where it serves"},
                        {SKIP_TOO_MANY, "there are too many endpoints"},
        };
        const char *sentence = "";
        char message[MESSAGE_MAX];

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                if (streq(row->reason, skip->reason))
                        sentence = row->sentence;
        (void) snprintf(message,
                        sizeof(message),
                        "Nothing to verify%s%s%s%s of %s: %s",
                        skip->unit ? " at " : "",
                        skip->unit ?: "",
                        skip->target ? " for the target " : "",
                        skip->target ?: "",
                        name,
                        sentence);
        audit(AUDIT_VERIFY_SKIPPED,
              message,
              {AUDIT_TARGET, skip->target},
              {AUDIT_UNIT, skip->unit},
              {AUDIT_REASON, skip->reason});
}
