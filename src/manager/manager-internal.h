/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The connection, for the files that ask PID 1 for jobs, and about units. */

#include "manager/manager.h"

#define MANAGER_DESTINATION "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"
#define MANAGER_PREFIX "org.freedesktop.systemd1." /* of interfaces and of errors */

struct Manager {
        sd_bus *bus;
        usec_t deadline_usec; /* monotonic */
        char *job;            /* the one that is waited for */
        char *result;         /* of that one: "done", "failed", …; or why there is none */
};

/* A method of the manager's. Return: 0 or more; -errno. */
int manager_new_call(Manager *manager, const char *method, sd_bus_message **ret);

/* Return: 0, -EEXIST, -ENOENT, -ERFKILL, -ETIMEDOUT, -errno; the result is why. */
int manager_call(Manager *manager, sd_bus_message *m, sd_bus_message **ret_reply);
