/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PID 1 knows who is renewing and who is deploying. What it does not know is which of the deployers
 * wait for one another: those have a mark in the run directory. A mark that a killed deployer has
 * left counts only while its unit runs, and is removed when it runs again; the worst that comes of
 * it is a reload more. */

#include "deploy/burst.h"

#include <fcntl.h>
#include <time.h>

#include "base/log.h"
#include "base/name.h"
#include "base/strv.h"
#include "deploy/deploy.h"

/* No unit's name has an '=': this is nobody's lock. */
#define MARK_PREFIX DEPLOY_RUN_DIRECTORY "/waiting="

#define RENEW_PREFIX "acme-renew@"
#define DEPLOY_PREFIX "acme-deploy@"
#define SERVICE_SUFFIX ".service"

/* How long it has to be quiet: starts by a person or a script come this close. */
#define QUIET_USEC (150 * USEC_PER_MSEC)
#define LOOK_USEC (50 * USEC_PER_MSEC)

/* Ten renewals at once take about that with a real CA. Who is slower gets a reload of its own: a
 * new certificate is not to wait for another CA's bad day. */
#define WAIT_USEC_MAX (20 * USEC_PER_SEC)

static const char *mark_path(const char *name,
                             char buffer[static sizeof(MARK_PREFIX) + CERTIFICATE_NAME_MAX])
{
        snprintf(buffer, sizeof(MARK_PREFIX) + CERTIFICATE_NAME_MAX, MARK_PREFIX "%s", name);
        return buffer;
}

void burst_pause(const char *name)
{
        char path[sizeof(MARK_PREFIX) + CERTIFICATE_NAME_MAX];
        _cleanup_close_ int fd = open(mark_path(name, path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0)
                log_warning_errno(-errno, "Failed to make %s", path);
}

void burst_resume(const char *name)
{
        char path[sizeof(MARK_PREFIX) + CERTIFICATE_NAME_MAX];

        if (unlink(mark_path(name, path)) < 0 && errno != ENOENT)
                log_warning_errno(-errno, "Failed to remove %s", path);
}

/* Is the certificate of this unit of ours neither NAME itself nor one that waits, too? */
static bool is_on_its_way(const char *unit, const char *prefix, const char *name)
{
        char path[sizeof(MARK_PREFIX) + CERTIFICATE_NAME_MAX], other[CERTIFICATE_NAME_MAX + 1];
        const char *instance = startswith(unit, prefix);
        size_t length;

        if (!instance || strlen(instance) <= strlen(SERVICE_SUFFIX))
                return false;
        length = strlen(instance) - strlen(SERVICE_SUFFIX);
        if (length > CERTIFICATE_NAME_MAX)
                return false;
        snprintf(other, sizeof(other), "%.*s", (int) length, instance);
        if (streq(other, name) || !certificate_name_is_valid(other))
                return false;
        return access(mark_path(other, path), F_OK) < 0;
}

static int is_busy(Manager *manager, const char *prefix, const char *name)
{
        _cleanup_strv_free_ char **units = NULL;
        _cleanup_free_ char *pattern = NULL;
        int r;

        if (asprintf(&pattern, "%s*" SERVICE_SUFFIX, prefix) < 0)
                return -ENOMEM;
        r = manager_list_busy(manager, pattern, &units);
        if (r < 0)
                return r;
        STRV_FOREACH (unit, units)
                if (is_on_its_way(*unit, prefix, name))
                        return 1;
        return 0;
}

void burst_wait(Manager *manager, const char *name)
{
        const struct timespec pause = {.tv_nsec = LOOK_USEC * 1000};
        usec_t end = now_monotonic() + WAIT_USEC_MAX, quiet_since = now_monotonic();

        while (now_monotonic() < end && now_monotonic() < quiet_since + QUIET_USEC) {
                int r;

                r = is_busy(manager, RENEW_PREFIX, name);
                if (r == 0)
                        r = is_busy(manager, DEPLOY_PREFIX, name);
                if (r < 0) {
                        log_warning_errno(r, "PID 1 does not say what else is being renewed");
                        return;
                }
                if (r > 0)
                        quiet_since = now_monotonic();
                nanosleep(&pause, NULL);
        }
}
