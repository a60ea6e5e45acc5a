/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One unit name for each certificate and kind: whatever is still under way is stopped before the
 * next is begun, so that no addition can come after its removal. The credentials come with the
 * unit, from PID 1; this room has none. */

#include "dns/records.h"

#include "base/audit.h"
#include "base/base64url.h"
#include "base/escape.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "version.h"

#define PROGRAM LIBEXECDIR "/acme-dns-publish"
#define KEY_CREDENTIAL "tsig"

/* TimeoutStartSec= of these units is what bounds them, and may be raised by a drop-in. */
#define RUN_USEC (10 * USEC_PER_MINUTE)

/* What PID 1 exits with when it cannot make the sandbox: systemd.exec(5), "Process Exit Codes". */
#define EXIT_CREDENTIALS 243

/* TimeoutStopSec= of them, and more. */
#define STOP_USEC (30 * USEC_PER_SEC)

#define REASON_MAX 1024U

typedef struct Request {
        const Records *records;
        char **argv;
        bool has_secrets;
} Request;

static int append_credentials(sd_bus_message *m, const DnsPublisher *publisher)
{
        int r;

        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "LoadCredential");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a(ss)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(ss)");
        if (r >= 0 && publisher->key)
                r = sd_bus_message_append(m, "(ss)", KEY_CREDENTIAL, publisher->key);
        STRV_FOREACH (credential, publisher->credentials) {
                const char *colon = strchr(*credential, ':');
                _cleanup_free_ char *id = strndup(*credential, (size_t) (colon - *credential));

                if (!id)
                        return -ENOMEM;
                if (r >= 0)
                        r = sd_bus_message_append(m, "(ss)", id, colon + 1);
        }
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

static int append(sd_bus_message *m, const void *userdata)
{
        const Request *request = userdata;
        const Records *records = request->records;
        _cleanup_free_ char *field = NULL;
        int r;

        if (asprintf(&field, "ACME_CERTIFICATE=%s", records->config->name) < 0) {
                field = NULL;
                return -ENOMEM;
        }
        /* It stays loaded until its exit status has been read. Not PartOf= the room: a door that
         * nobody needs any more could not be stopped while such a unit starts. */
        r = sd_bus_message_append(m, "(sv)", "AddRef", "b", true);
        if (r >= 0)
                r = manager_append_command(m, request->argv);
        /* Ours says so itself. */
        if (r >= 0 && request->has_secrets && records->config->dns->program)
                r = manager_append_log_fields(m, (char *[]){field, NULL});
        if (r >= 0 && request->has_secrets)
                r = append_credentials(m, records->config->dns);
        return r;
}

static int set_reason(Records *records, const char *unit, const char *result, int status)
{
        const DnsPublisher *publisher = records->config->dns;
        char *text;

        if (!publisher) {
                if (asprintf(&text,
                             "The look into DNS failed: %s (%i). See journalctl -u %s",
                             result,
                             status,
                             unit) < 0)
                        return -ENOMEM;
        } else if (streq(result, "exit-code") && status == EXIT_CREDENTIALS) {
                if (asprintf(&text,
                             "PID 1 found no credential where Key= or Credentials= of "
                             "dns.d/%s.conf says. Make the file, root's and 0600",
                             publisher->name) < 0)
                        return -ENOMEM;
        } else if (asprintf(&text,
                            "%s of dns.d/%s.conf failed: %s (%i). See journalctl -u %s",
                            publisher->program ? publisher->program[0] : "The update",
                            publisher->name,
                            result,
                            status,
                            unit) < 0)
                return -ENOMEM;
        free(records->reason);
        records->reason = text;
        return 0;
}

/* The unit has ended. Its program has said why it failed, or somebody else's has not. */
static int judge(Records *records, const char *unit, int job)
{
        _cleanup_free_ char *result = NULL, *text = NULL;
        int32_t status;
        int r;

        r = manager_get(records->manager, unit, "Service.ExecMainStatus", 'i', &status);
        if (r >= 0)
                r = manager_get_string(records->manager, unit, "Service.Result", &result);
        if (r >= 0)
                r = manager_get_string(records->manager, unit, "Service.StatusText", &text);
        if (r < 0)
                return r;
        if (job == 0)
                return 0;
        free(TAKE_PTR(records->reason));
        if (*text)
                records->reason = escape_foreign(text, strlen(text), REASON_MAX);
        if (!records->reason && set_reason(records, unit, result, status) < 0)
                return -ENOMEM;
        if (streq(result, "exit-code") &&
            (status == EXIT_CONFIGURATION || status == EXIT_CREDENTIALS))
                return RECORDS_E_REFUSED;
        return RECORDS_E_FAILED;
}

static int run(Records *records, const Request *request)
{
        bool is_program = request->has_secrets && records->config->dns->program;
        _cleanup_free_ char *unit = NULL;
        int r;

        if (asprintf(&unit,
                     "acme-dns-%s@%s.service",
                     is_program ? "program" : "publish",
                     records->config->name) < 0) {
                unit = NULL;
                return -ENOMEM;
        }
        manager_set_deadline(records->manager, now_monotonic() + RUN_USEC);
        r = manager_start_transient(records->manager, unit, append, request);
        if (r >= 0)
                r = judge(records, unit, r);
        /* However it ended; without a unit there is nothing to let go of. */
        (void) manager_unref(records->manager, unit);
        if (r < 0)
                return log_error_errno(r,
                                       "Failed to run %s (%s)",
                                       unit,
                                       manager_result(records->manager));
        return r;
}

static int run_with(Records *records, const char *action, char *const *words, bool has_secrets)
{
        _cleanup_strv_free_ char **argv = NULL;
        int r;

        r = strv_append(&argv, PROGRAM);
        if (r == 0)
                r = strv_append(&argv, records->config->name);
        if (r == 0)
                r = strv_append(&argv, action);
        for (; r == 0 && *words; words++)
                r = strv_append(&argv, *words);
        if (r < 0)
                return r;
        return run(records, &(Request){records, argv, has_secrets});
}

int records_stop(Records *records)
{
        static const char *const kinds[] = {"publish", "program"};
        int r = 0;

        manager_set_deadline(records->manager, now_monotonic() + STOP_USEC);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(kinds); i++) {
                _cleanup_free_ char *unit = NULL;

                if (asprintf(&unit, "acme-dns-%s@%s.service", kinds[i], records->config->name) <
                    0) {
                        unit = NULL;
                        return -ENOMEM;
                }
                r = manager_job(records->manager, "StopUnit", unit);
                if (r == -ENOENT)
                        r = 0;
        }
        return MIN(r, 0);
}

int records_check(Records *records, char *const *identifiers)
{
        return run_with(records, "check", identifiers, true);
}

static int change(Records *records, const char *action, const char *identifier, const char *value)
{
        return run_with(records,
                        action,
                        (char *[]){(char *) identifier, (char *) value, NULL},
                        true);
}

int records_present(Records *records, const char *identifier, const char *value)
{
        int r;

        r = change(records, "present", identifier, value);
        if (r == 0)
                audit(AUDIT_RECORD_PUBLISHED,
                      "Added a record for a challenge to DNS",
                      {AUDIT_IDENTIFIERS, identifier});
        return r;
}

int records_cleanup(Records *records, const char *identifier, const char *value)
{
        int r;

        r = change(records, "cleanup", identifier, value);
        if (r == 0)
                audit(AUDIT_RECORD_REMOVED,
                      "Removed the record of a challenge from DNS",
                      {AUDIT_IDENTIFIERS, identifier});
        return r;
}

int records_await(Records *records, char *const *pairs)
{
        return run_with(records, "wait", pairs, false);
}

/* In letters that nobody between here and there has a meaning for. */
int records_seek(Records *records, const char *identifier, const char *text)
{
        _cleanup_free_ char *letters = base64url_encode(text, strlen(text));

        if (!letters)
                return -ENOMEM;
        return run_with(records, "seek", (char *[]){(char *) identifier, letters, NULL}, false);
}

void records_done(Records *records)
{
        manager_free(records->manager);
        free(records->reason);
        *records = (Records){};
}
