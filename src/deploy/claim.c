/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A claim is a path in the record of a certificate. It counts for as long as that certificate's
 * configuration has the path: who is removed or moves away need not be started to let go of it.
 * Looking and noting is one step, by a lock that all certificates share. */

#include "deploy/claim.h"

#include <dirent.h>

#include "base/log.h"
#include "base/name.h"
#include "deploy/turn.h"

/* Whose claim is looked at takes milliseconds. */
#define LOCK_WAIT_USEC (10 * USEC_PER_SEC)

/* No unit's name has an '='. */
#define LOCK_NAME "claims="

typedef struct Rival {
        char name[CERTIFICATE_NAME_MAX + 1];
        char *label;
        const char *path; /* borrowed from the target */
} Rival;

static void rival_done(Rival *rival)
{
        free(rival->label);
}

static int list_paths(const DeployTarget *target, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;
        int r;

        for (size_t i = 0; i < DEPLOY_PATHS_MAX; i++) {
                const char *path = deploy_target_path(target, i);

                if (!path)
                        continue;
                r = strv_append(&list, path);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(list);
        return 0;
}

static const char *find_common(char **a, char **b)
{
        STRV_FOREACH (path, a)
                if (strv_contains(b, *path))
                        return *path;
        return NULL;
}

/* Does the configuration of that name still have the path? One that cannot be read may. */
static int is_configured(const char *name, const char *path, char **ret_label)
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        r = config_load(name, "", &config, &error);
        if (r < 0)
                return r;
        if (r == CONFIG_E_INVALID)
                return 1;
        FOREACH_ARRAY (target, config->deploy, config->n_deploy)
                for (size_t i = 0; i < DEPLOY_PATHS_MAX; i++)
                        if (streq_ptr(deploy_target_path(target, i), path)) {
                                r = free_and_strdup(ret_label, target->label);
                                return r < 0 ? r : 1;
                        }
        return 0;
}

/* Return: 1, the other certificate has one of the paths; 0; -errno. */
static int is_rival(Rival *rival, char **paths)
{
        _cleanup_(record_freep) Record *record = NULL;
        int r;

        r = record_load(rival->name, &record);
        if (r < 0)
                return r;
        FOREACH_ARRAY (noted, record->targets, record->n) {
                rival->path = find_common(paths, noted->paths);
                if (!rival->path)
                        continue;
                r = free_and_strdup(&rival->label, noted->label);
                if (r == 0)
                        r = is_configured(rival->name, rival->path, &rival->label);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* Return: 1, found; 0; -errno. */
static int find_rival(const char *name, char **paths, Rival *rival)
{
        DIR *directory = opendir(RECORD_DIRECTORY);
        int r = 0;

        if (!directory)
                return -errno;
        while (r == 0) {
                const struct dirent *entry = readdir(directory);

                if (!entry)
                        break;
                if (record_file_to_name(entry->d_name, rival->name) && !streq(rival->name, name))
                        r = is_rival(rival, paths);
        }
        (void) closedir(directory);
        return r;
}

static int refuse(Deploy *d, const DeployTarget *target, const Rival *rival)
{
        const DeployFailure failure = {EXIT_CONFIGURATION, "pathTaken", target->label, NULL};

        return deploy_fail(d,
                           &failure,
                           "Cannot write %s of [Deploy %s]: it is a file of [Deploy %s] of the "
                           "certificate %s, which had it first. Give one of the two another path",
                           rival->path,
                           target->label,
                           rival->label,
                           rival->name);
}

int claim_paths(Deploy *d, const DeployTarget *target, RecordTarget *noted)
{
        _cleanup_(turn_done) Turn lock = {.fd = -EBADF};
        _cleanup_strv_free_ char **paths = NULL;
        _cleanup_(rival_done) Rival rival = {};
        int r;

        r = list_paths(target, &paths);
        if (r < 0 || strv_equal(paths, noted->paths))
                return r;
        r = turn_take(DEPLOY_RUN_DIRECTORY, LOCK_NAME, now_monotonic() + LOCK_WAIT_USEC, &lock);
        if (r >= 0)
                r = find_rival(d->config->name, paths, &rival);
        if (r < 0)
                return log_error_errno(r,
                                       "Failed to find out whether another certificate has files "
                                       "at the paths of [Deploy %s]",
                                       target->label);
        if (r > 0) {
                /* What it has had elsewhere it has not here. */
                free(TAKE_PTR(noted->fingerprint));
                deploy_save(d);
                return refuse(d, target, &rival);
        }
        strv_free(noted->paths);
        noted->paths = TAKE_PTR(paths);
        deploy_save(d);
        return 0;
}
