/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks PID 1 for acme-webroot.socket, and waits for the end of each job. Only what the unit listens
 * on is said here; everything else about it is a drop-in file, units/acme-webroot.socket.d/.
 *
 * PID 1 is trusted, and the bus to deliver what PID 1 says. A unit of that name may be there
 * already: one that is still stopping, or one that another lease has just asked for anew. */

#include <systemd/sd-bus.h>

#include "base/log.h"
#include "listener/manager.h"

#define DESTINATION "org.freedesktop.systemd1"
#define PATH "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"
#define UNIT_EXISTS "org.freedesktop.systemd1.UnitExists"

/* How the addresses reach the firewall's command line: $ACME_LISTEN in the drop-in file. */
#define LISTEN_VARIABLE "ACME_LISTEN="

/* A unit that has stopped is forgotten a moment later. */
#define UNIT_RETRY_USEC (2 * USEC_PER_MSEC)

struct Manager {
        sd_bus *bus;
        usec_t deadline_usec; /* monotonic */
        bool is_listening;    /* there is a unit of this search's to be stopped first */
        char *job;            /* the one that is waited for */
        char *result;         /* of that one: "done", "failed", … */
};

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Manager *manager = userdata;
        const char *job, *unit, *result;
        int r;

        (void) error;
        r = sd_bus_message_read(m, "uoss", NULL, &job, &unit, &result);
        if (r < 0)
                return r;
        if (streq_ptr(job, manager->job))
                return free_and_strdup(&manager->result, result);
        return 0;
}

/* PID 1 tells about jobs only when somebody has subscribed; neither call needs its reply awaited,
 * as all of ours come to PID 1 in their order. */
static int subscribe(Manager *manager)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_match_signal_async(manager->bus,
                                      NULL,
                                      DESTINATION,
                                      PATH,
                                      INTERFACE,
                                      "JobRemoved",
                                      on_job_removed,
                                      NULL,
                                      manager);
        if (r >= 0)
                r = sd_bus_message_new_method_call(manager->bus,
                                                   &m,
                                                   DESTINATION,
                                                   PATH,
                                                   INTERFACE,
                                                   "Subscribe");
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(m, false);
        if (r >= 0)
                r = sd_bus_send(manager->bus, m, NULL);
        return r < 0 ? r : 0;
}

int manager_new(usec_t deadline_monotonic_usec, Manager **ret)
{
        _cleanup_(manager_freep) Manager *manager = NULL;
        int r;

        manager = calloc(1, sizeof(*manager));
        if (!manager)
                return -ENOMEM;
        manager->deadline_usec = deadline_monotonic_usec;
        r = sd_bus_open_system(&manager->bus);
        if (r < 0)
                return r;
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

static usec_t time_left(const Manager *manager)
{
        usec_t now = now_monotonic();

        return manager->deadline_usec > now ? manager->deadline_usec - now : 0;
}

/* Waits for the end of the job. Return: 0, its result is in the manager; -ETIMEDOUT; -errno. */
static int wait_for_job(Manager *manager, const char *job)
{
        int r;

        free(manager->result);
        manager->result = NULL;
        r = free_and_strdup(&manager->job, job);
        while (r >= 0 && !manager->result) {
                r = sd_bus_process(manager->bus, NULL);
                if (r != 0)
                        continue;
                if (time_left(manager) == 0)
                        return -ETIMEDOUT;
                r = sd_bus_wait(manager->bus, time_left(manager));
        }
        return r < 0 ? r : 0;
}

/* Sends the call, which answers with a job, and waits for its end.
 * Return: 0; -EEXIST when the unit is there already; -ENOENT when it is not; -errno. */
static int call_job(Manager *manager, sd_bus_message *call)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *job;
        int r;

        /* 0 would be the bus's own time, which is longer. */
        r = sd_bus_call(manager->bus, call, MAX(time_left(manager), 1U), &error, &reply);
        if (r < 0) {
                if (sd_bus_error_has_name(&error, UNIT_EXISTS))
                        return -EEXIST;
                return r;
        }
        r = sd_bus_message_read(reply, "o", &job);
        if (r < 0)
                return r;
        return wait_for_job(manager, job);
}

/* "Listen" and the firewall's variable. */
static int append_properties(sd_bus_message *m, const ListenAddress *addresses, size_t n)
{
        char variable[sizeof(LISTEN_VARIABLE) + CONFIG_LISTEN_MAX * LISTEN_ADDRESS_MAX];
        char text[LISTEN_ADDRESS_MAX];
        size_t used = strlen(LISTEN_VARIABLE);
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "Listen");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a(ss)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(ss)");
        memcpy(variable, LISTEN_VARIABLE, used + 1);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                listen_address_format(&addresses[i], text);
                used += (size_t) sprintf(variable + used, i ? " %s" : "%s", text);
                r = sd_bus_message_append(m, "(ss)", "Stream", text);
        }
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)", "Environment", "as", 1, variable);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r;
}

/* Return: 0, the job has ended; -EEXIST; -errno. */
static int start_transient(Manager *manager, const ListenAddress *addresses, size_t n)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(manager->bus,
                                           &m,
                                           DESTINATION,
                                           PATH,
                                           INTERFACE,
                                           "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", WEBROOT_SOCKET_UNIT, "fail");
        if (r >= 0)
                r = append_properties(m, addresses, n);
        /* No other units beside it. */
        if (r >= 0)
                r = sd_bus_message_append(m, "a(sa(sv))", 0);
        if (r < 0)
                return r;
        return call_job(manager, m);
}

/* Return: 0, the unit has stopped; -ENOENT when there is none; -errno. */
static int stop(Manager *manager)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(manager->bus,
                                           &m,
                                           DESTINATION,
                                           PATH,
                                           INTERFACE,
                                           "StopUnit");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", WEBROOT_SOCKET_UNIT, "replace");
        if (r < 0)
                return r;
        return call_job(manager, m);
}

static int try_to_listen(Manager *manager, const ListenAddress *addresses, size_t n)
{
        const struct timespec pause = {.tv_nsec = UNIT_RETRY_USEC * 1000};

        while (time_left(manager) > 0) {
                int r;

                r = start_transient(manager, addresses, n);
                if (r < 0 && r != -EEXIST)
                        return r;
                if (r == 0 && streq(manager->result, "done"))
                        return 0;
                if (r == 0 && streq(manager->result, "failed"))
                        return LISTEN_E_BIND;
                /* One of an earlier search that PID 1 has not forgotten yet, or of a run that
                 * could not clean up. */
                r = stop(manager);
                if (r < 0 && r != -ENOENT)
                        return r;
                nanosleep(&pause, NULL);
        }
        return -ETIMEDOUT;
}

int manager_listen(const ListenAddress *addresses, size_t n, void *userdata)
{
        Manager *manager = userdata;
        int r = 0;

        if (manager->is_listening)
                r = stop(manager);
        manager->is_listening = false;
        if (r >= 0 || r == -ENOENT)
                r = try_to_listen(manager, addresses, n);
        manager->is_listening = r == 0;
        if (r < 0)
                log_error_errno(r, "PID 1 did not make " WEBROOT_SOCKET_UNIT);
        return r;
}

/* What the unit listens on, as PID 1 writes it; "" when there is no such unit. */
static int get_listen(Manager *manager, char **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *path = NULL;
        const char *type, *address;
        int r;

        r = sd_bus_path_encode(PATH "/unit", WEBROOT_SOCKET_UNIT, &path);
        if (r >= 0)
                r = sd_bus_get_property(manager->bus,
                                        DESTINATION,
                                        path,
                                        "org.freedesktop.systemd1.Socket",
                                        "Listen",
                                        NULL,
                                        &reply,
                                        "a(ss)");
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(ss)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(ss)", &type, &address)) > 0)
                r = strv_append(&list, address);
        return r < 0 ? r : strv_join(list, " ", ret);
}

int manager_close(Manager *manager, char **ret_listen)
{
        _cleanup_free_ char *listen = NULL;
        int r;

        r = get_listen(manager, &listen);
        if (r >= 0)
                r = stop(manager);
        /* That it is not there is why this is called when a search has failed, too. */
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "PID 1 did not stop " WEBROOT_SOCKET_UNIT);
        *ret_listen = TAKE_PTR(listen);
        return 1;
}
