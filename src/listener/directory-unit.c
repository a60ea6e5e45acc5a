/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The path comes from the configuration, so that the access to it is given here, over the bus; all
 * else about the unit is a drop-in file, units/acme-directory.service.d/. */

#include "listener/directory-unit.h"

#include "base/log.h"

#define UNIT "acme-directory.service"
#define PARENT "/run/acme/parent"
#define RECORD "/run/acme/directory/path"

/* Whoever kills it meets the next; what it says of itself comes again, and ends. */
#define TRIES_MAX 3U

typedef struct Wanted {
        const char *parent, *verb, *path;
} Wanted;

/* Not MS_REC: what is mounted below is nobody's business. Passed over when it is not there: the
 * program tells then. */
static int append_properties(sd_bus_message *m, const void *userdata)
{
        const Wanted *wanted = userdata;
        int r;

        r = sd_bus_message_append(m, "(sv)", "Environment", "as", 2, wanted->verb, wanted->path);
        if (r >= 0)
                r = sd_bus_message_append(m,
                                          "(sv)",
                                          "BindPaths",
                                          "a(ssbt)",
                                          1,
                                          wanted->parent,
                                          PARENT,
                                          true,
                                          UINT64_C(0));
        return r;
}

/* Return: 0; MANAGER_E_FAILED, MANAGER_E_OTHER; -errno. */
static int run_unit(Manager *manager, const char *verb, const char *path)
{
        _cleanup_free_ char *parent = NULL, *variable = NULL;
        Wanted wanted = {.verb = verb};
        int length;

        length = (int) (strrchr(path, '/') - path);
        if (asprintf(&parent, "%.*s", MAX(length, 1), path) < 0) {
                parent = NULL;
                return -ENOMEM;
        }
        if (asprintf(&variable, "ACME_DIRECTORY=%s", path) < 0) {
                variable = NULL;
                return -ENOMEM;
        }
        wanted.parent = parent;
        wanted.path = variable;
        return manager_start_transient(manager, UNIT, append_properties, &wanted);
}

/* Return: 0; -EIO; -errno. */
static int run_until_done(Manager *manager, const char *verb, const char *path)
{
        int r = 0;

        for (unsigned i = 0; i < TRIES_MAX; i++) {
                r = run_unit(manager, verb, path);
                if (r < 0)
                        return log_error_errno(r, "PID 1 did not make " UNIT);
                if (r == 0)
                        return 0;
        }
        log_error("PID 1 could not run " UNIT ": %s; see journalctl -u " UNIT,
                  manager_result(manager));
        return -EIO;
}

bool directory_unit_is_needed(void)
{
        return access(RECORD, F_OK) == 0;
}

int directory_unit_make(Manager *manager, const char *path)
{
        int r = run_until_done(manager, "ACME_VERB=make", path);

        return r == -ENOMEM ? r : 0;
}

int directory_unit_remove(Manager *manager, const char *path)
{
        return run_until_done(manager, "ACME_VERB=remove", path);
}
