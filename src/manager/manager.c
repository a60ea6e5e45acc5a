/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A connection to PID 1, and the jobs that it is asked for. PID 1 is trusted, and the bus to
 * deliver what PID 1 says; nothing else is listened to.
 *
 * A call and the wait for its job have one deadline. The end of a job comes as a signal, so the
 * subscription is made before the first call. */

#include "base/log.h"
#include "manager/manager-internal.h"

/* A unit that has stopped is forgotten a moment later. */
#define UNIT_RETRY_USEC (2 * USEC_PER_MSEC)

/* How often a wait is reconsidered. */
#define LOOK_USEC (200 * USEC_PER_MSEC)

/* Whether a job is waited for, and how long. patience may be NULL: until the deadline. */
typedef struct Wait {
        bool is_wanted;
        ManagerPatience patience;
        const void *userdata;
} Wait;

/* What PID 1 refuses a job with -> what our callers tell apart. */
static const struct {
        const char *name;
        int error;
} refusals[] = {
                {MANAGER_PREFIX "UnitExists", -EEXIST},
                {MANAGER_PREFIX "NoSuchUnit", -ENOENT},
                {MANAGER_PREFIX "UnitMasked", -ERFKILL},
};

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error _unused_)
{
        Manager *manager = userdata;
        const char *job, *unit, *result;
        int r;

        r = sd_bus_message_read(m, "uoss", NULL, &job, &unit, &result);
        if (r < 0)
                return r;
        if (streq_ptr(job, manager->job))
                return free_and_strdup(&manager->result, result);
        return 0;
}

int manager_new_call(Manager *manager, const char *method, sd_bus_message **ret)
{
        return sd_bus_message_new_method_call(manager->bus,
                                              ret,
                                              MANAGER_DESTINATION,
                                              MANAGER_PATH,
                                              MANAGER_INTERFACE,
                                              method);
}

/* PID 1 tells about jobs only when somebody has subscribed; neither call needs its reply awaited,
 * as all of ours come to PID 1 in their order. */
static int subscribe(Manager *manager)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_match_signal_async(manager->bus,
                                      NULL,
                                      MANAGER_DESTINATION,
                                      MANAGER_PATH,
                                      MANAGER_INTERFACE,
                                      "JobRemoved",
                                      on_job_removed,
                                      NULL,
                                      manager);
        if (r >= 0)
                r = manager_new_call(manager, "Subscribe", &m);
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(m, false);
        if (r >= 0)
                r = sd_bus_send(manager->bus, m, NULL);
        return r < 0 ? r : 0;
}

int manager_new(Manager **ret)
{
        _cleanup_(manager_freep) Manager *manager = NULL;
        int r;

        manager = calloc(1, sizeof(*manager));
        if (!manager)
                return -ENOMEM;
        r = sd_bus_open_system(&manager->bus);
        if (r >= 0)
                r = subscribe(manager);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(manager);
        return 0;
}

void manager_free(Manager *manager)
{
        if (!manager)
                return;
        /* Nothing is left to be sent that anybody waits for. */
        sd_bus_close_unref(manager->bus);
        free(manager->job);
        free(manager->result);
        free(manager);
}

void manager_set_deadline(Manager *manager, usec_t deadline_monotonic_usec)
{
        manager->deadline_usec = deadline_monotonic_usec;
}

static usec_t time_left(const Manager *manager)
{
        usec_t now = now_monotonic();

        return manager->deadline_usec > now ? manager->deadline_usec - now : 0;
}

bool manager_has_time(const Manager *manager)
{
        return time_left(manager) > 0;
}

const char *manager_result(const Manager *manager)
{
        return manager->result ?: "";
}

int manager_call(Manager *manager, sd_bus_message *m, sd_bus_message **ret_reply)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        /* 0 would be the bus's own time, which is longer. */
        r = sd_bus_call(manager->bus, m, MAX(time_left(manager), 1U), &error, ret_reply);
        if (r >= 0)
                return 0;
        FOREACH_ARRAY (refusal, refusals, ELEMENTSOF(refusals))
                if (sd_bus_error_has_name(&error, refusal->name))
                        r = refusal->error;
        if (free_and_strdup(&manager->result, error.message) < 0)
                return -ENOMEM;
        return r;
}

/* Waits for what comes next on the bus, for a moment. */
static int wait_a_moment(Manager *manager, const Wait *wait)
{
        int r;

        if (time_left(manager) == 0)
                return -ETIMEDOUT;
        r = sd_bus_wait(manager->bus, MIN(time_left(manager), LOOK_USEC));
        if (r == 0 && wait->patience && !wait->patience(manager, wait->userdata))
                return MANAGER_E_LEFT;
        return r < 0 && r != -EINTR ? r : 0;
}

/* Waits for the end of the job. Return: 0, MANAGER_E_FAILED, MANAGER_E_OTHER, MANAGER_E_LEFT,
 * -ETIMEDOUT, -errno. */
static int wait_for_job(Manager *manager, const char *job, const Wait *wait)
{
        int r;

        r = free_and_strdup(&manager->job, job);
        while (r >= 0 && !manager->result) {
                r = sd_bus_process(manager->bus, NULL);
                if (r != 0)
                        continue;
                r = wait_a_moment(manager, wait);
                if (r != 0)
                        return r;
        }
        if (r < 0)
                return r;
        if (streq(manager->result, "done"))
                return 0;
        return streq(manager->result, "failed") ? MANAGER_E_FAILED : MANAGER_E_OTHER;
}

/* Sends the call, which answers with a job, and waits for its end if that is wanted. */
static int call_job(Manager *manager, sd_bus_message *m, const Wait *wait)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *job;
        int r;

        free(TAKE_PTR(manager->result));
        r = manager_call(manager, m, &reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &job);
        if (r < 0)
                return r;
        return wait->is_wanted ? wait_for_job(manager, job, wait) : 0;
}

static int job(Manager *manager, const char *method, const char *unit, const Wait *wait)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = manager_new_call(manager, method, &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", unit, "replace");
        return r < 0 ? r : call_job(manager, m, wait);
}

int manager_job(Manager *manager, const char *method, const char *unit)
{
        return job(manager, method, unit, &(Wait){.is_wanted = true});
}

int manager_job_while(Manager *manager,
                      const char *method,
                      const char *unit,
                      ManagerPatience patience,
                      const void *userdata)
{
        return job(manager, method, unit, &(Wait){true, patience, userdata});
}

int manager_queue(Manager *manager, const char *method, const char *unit)
{
        return job(manager, method, unit, &(Wait){});
}

static int
try_transient(Manager *manager, const char *unit, ManagerAppend append, const void *userdata)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = manager_new_call(manager, "StartTransientUnit", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", unit, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = append(m, userdata);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        /* No other units beside it. */
        if (r >= 0)
                r = sd_bus_message_append(m, "a(sa(sv))", 0);
        return r < 0 ? r : call_job(manager, m, &(Wait){.is_wanted = true});
}

static int
start_anew(Manager *manager, const char *unit, ManagerAppend append, const void *userdata)
{
        const struct timespec pause = {.tv_nsec = UNIT_RETRY_USEC * 1000};
        int r;

        while ((r = try_transient(manager, unit, append, userdata)) == -EEXIST) {
                if (time_left(manager) == 0)
                        return -ETIMEDOUT;
                /* One that PID 1 has not forgotten yet, or of a run that could not clean up. */
                r = manager_job(manager, "StopUnit", unit);
                if (r < 0 && r != -ENOENT)
                        return r;
                nanosleep(&pause, NULL);
        }
        return r;
}

/* systemd 252 reads its units anew at a "systemctl enable", and cannot read the command of a
 * transient one that it has written itself (ExecStartEx=): what had not been started by then never
 * is. */
static bool is_unreadable(Manager *manager, const char *unit)
{
        _cleanup_free_ char *state = NULL;

        return manager_get_string(manager, unit, "Unit.LoadState", &state) == 0 &&
               streq(state, "bad-setting");
}

int manager_start_transient(Manager *manager,
                            const char *unit,
                            ManagerAppend append,
                            const void *userdata)
{
        int r = start_anew(manager, unit, append, userdata);

        if (r != MANAGER_E_FAILED || !is_unreadable(manager, unit))
                return r;
        log_notice("systemd has read its units anew and lost %s; it is started once more", unit);
        r = manager_unref(manager, unit);
        return r < 0 ? r : start_anew(manager, unit, append, userdata);
}

int manager_unref(Manager *manager, const char *unit)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = manager_new_call(manager, "UnrefUnit", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", unit);
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(m, false);
        if (r >= 0)
                r = sd_bus_send(manager->bus, m, NULL);
        return r < 0 ? r : 0;
}
