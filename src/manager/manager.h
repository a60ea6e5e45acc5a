/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* PID 1 on the system bus: asks it for units, waits for the end of each job, and reads what became
 * of a unit. One thing at a time; every call ends at the manager's deadline. */

#include <systemd/sd-bus.h>

#include "base/time-util.h"

typedef struct Manager Manager;

/* The deadline is reached at once until manager_set_deadline() has given one.
 * Return: 0; -ENOENT, -ECONNREFUSED: there is no system bus; -errno. */
int manager_new(Manager **ret);
void manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free);

void manager_set_deadline(Manager *manager, usec_t deadline_monotonic_usec);
bool manager_has_time(const Manager *manager);

/* How a job ended, when it was not "done". */
enum {
        MANAGER_E_FAILED = 1, /* "failed": the unit was tried, and did not succeed */
        MANAGER_E_OTHER = 2,  /* "canceled", "dependency", …: something came between */
        MANAGER_E_LEFT = 3,   /* it goes on, and is not waited for any more */
};

/* Appends "(sv)" properties of a transient unit. Return: 0 or more, -errno. */
typedef int (*ManagerAppend)(sd_bus_message *m, const void *userdata);

/* Some of them: a list of strings; ExecStart=, whose words are taken as they are, without a look
 * for variables; LogExtraFields=, a list of "FIELD=value". Return: 0 or more, -errno. */
int manager_append_strv(sd_bus_message *m, const char *property, char *const *list);
int manager_append_command(sd_bus_message *m, char *const *argv);
int manager_append_log_fields(sd_bus_message *m, char *const *list);

/* Makes the unit, starts it, and waits for its start job; a unit of that name that is there
 * already, or that PID 1 has not forgotten yet, is stopped first. One that PID 1 has lost while it
 * read its units anew is started once more. Return: 0; MANAGER_E_FAILED, MANAGER_E_OTHER;
 * -ETIMEDOUT; -errno. */
int manager_start_transient(Manager *manager,
                            const char *unit,
                            ManagerAppend append,
                            const void *userdata);

/* Calls a method that takes a unit and a mode and answers with a job, and waits for that:
 * "StartUnit", "StopUnit", "RestartUnit", "TryRestartUnit", "ReloadOrRestartUnit",
 * "ReloadOrTryRestartUnit".
 * Return: 0; MANAGER_E_FAILED, MANAGER_E_OTHER; -ENOENT there is no such unit; -ERFKILL it is
 * masked; -ETIMEDOUT; -errno. */
int manager_job(Manager *manager, const char *method, const char *unit);

/* Asked over and over while a job is waited for: false ends the wait. It may ask the manager for
 * properties, and for no job. */
typedef bool (*ManagerPatience)(Manager *manager, const void *userdata);

/* As manager_job(), for as long as patience() has it. Return: MANAGER_E_LEFT, too. */
int manager_job_while(Manager *manager,
                      const char *method,
                      const char *unit,
                      ManagerPatience patience,
                      const void *userdata);

/* The same without waiting: 0 when PID 1 has taken the job. */
int manager_queue(Manager *manager, const char *method, const char *unit);

/* The last job's result as PID 1 named it, or what it said when it refused one; "" when there is
 * neither. Borrowed until the next call. */
const char *manager_result(const Manager *manager);

/* Lets go of a unit that was made with the property AddRef. */
int manager_unref(Manager *manager, const char *unit);

/* A property of a unit, "Unit.LoadState", "Service.ExecMainStatus": of one basic type but a string,
 * as sd_bus_get_property_trivial() takes it; a string; anything. Return: 0; -errno. */
int manager_get(Manager *manager, const char *unit, const char *property, char type, void *ret);
int manager_get_string(Manager *manager, const char *unit, const char *property, char **ret);
int manager_get_message(Manager *manager,
                        const char *unit,
                        const char *property,
                        const char *type,
                        sd_bus_message **ret);

/* Does PID 1 have a job for the unit that has not ended? Return: 0, 1; -errno. */
int manager_has_job(Manager *manager, const char *unit);

/* Those loaded units of the pattern that run or are on their way: in an active state other than
 * inactive and failed, or with a job. Return: 0; -errno. */
int manager_list_busy(Manager *manager, const char *pattern, char ***ret);

/* Those in the failed state. Return: 0; -errno. */
int manager_list_failed(Manager *manager, const char *pattern, char ***ret);
