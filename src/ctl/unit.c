/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PID 1 does the work; who may ask it to is for it (and polkit) to decide. */

#include "ctl/unit.h"

#include <signal.h>

#include "base/log.h"
#include "base/strv.h"
#include "manager/manager.h"

#define ASK_TIMEOUT_USEC (30 * USEC_PER_SEC)

char *unit_of(const char *prefix, const char *name)
{
        char *unit;

        return asprintf(&unit, "%s@%s.service", prefix, name) < 0 ? NULL : unit;
}

static ExitStatus tell(const char *unit, int error, const char *said)
{
        if (error == -ETIMEDOUT) {
                log_error("%s has not ended in time; it goes on, and journalctl -u %s shows how",
                          unit,
                          unit);
                return EXIT_TRY_AGAIN;
        }
        log_error("PID 1 does not start %s: %s", unit, *said ? said : strerror(-error));
        return error == -EACCES || error == -EPERM ? EXIT_REFUSED : EXIT_TRY_AGAIN;
}

/* Its program has ended badly, or has not been started at all. What it has said last is its reason,
 * fit to be shown. */
static ExitStatus judge_failed(Manager *manager, const char *unit)
{
        _cleanup_free_ char *result = NULL, *status_text = NULL;
        int32_t code = 0, status = 0;

        if (manager_get_string(manager, unit, "Service.Result", &result) < 0 ||
            manager_get_string(manager, unit, "Service.StatusText", &status_text) < 0 ||
            manager_get(manager, unit, "Service.ExecMainCode", 'i', &code) < 0 ||
            manager_get(manager, unit, "Service.ExecMainStatus", 'i', &status) < 0)
                status = 0;
        log_error("%s has failed (%s): %s. See journalctl -u %s",
                  unit,
                  result ?: "unknown",
                  status_text && *status_text ? status_text : "it has not said why",
                  unit);
        return result && streq(result, "exit-code") && code == CLD_EXITED && status > 0
                               ? (ExitStatus) status
                               : EXIT_TRY_AGAIN;
}

int unit_is_busy(const char *unit)
{
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_strv_free_ char **busy = NULL;
        int r;

        r = manager_new(&manager);
        if (r == 0) {
                manager_set_deadline(manager, now_monotonic() + ASK_TIMEOUT_USEC);
                r = manager_list_busy(manager, unit, &busy);
        }
        if (r < 0)
                return log_error_errno(r, "Failed to ask PID 1 for %s", unit);
        return strv_contains(busy, unit);
}

ExitStatus unit_run(const char *unit, usec_t timeout_usec)
{
        _cleanup_(manager_freep) Manager *manager = NULL;
        int r;

        r = manager_new(&manager);
        if (r < 0) {
                log_error_errno(r, "Failed to reach PID 1 on the system bus");
                return EXIT_TRY_AGAIN;
        }
        manager_set_deadline(manager, now_monotonic() + timeout_usec);
        r = manager_job(manager, "StartUnit", unit);
        if (r == 0)
                return EXIT_DONE;
        if (r < 0)
                return tell(unit, r, manager_result(manager));
        if (r == MANAGER_E_FAILED)
                return judge_failed(manager, unit);
        log_error("%s was not started: its job ended as \"%s\"; systemctl status %s shows more",
                  unit,
                  manager_result(manager),
                  unit);
        return EXIT_TRY_AGAIN;
}
