/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/dry-run.h"

#include <sys/stat.h>

/* name: checked. Return: 0 and 1; -ENOMEM. */
static int is_requested(const char *root, const char *name, usec_t now_usec)
{
        _cleanup_free_ char *path = NULL;
        usec_t requested_usec;
        struct stat st;

        if (asprintf(&path, "%s" DRY_RUN_REQUEST_DIRECTORY "/%s", root, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (lstat(path, &st) < 0 || st.st_mtim.tv_sec < 0)
                return 0;
        requested_usec = (usec_t) st.st_mtim.tv_sec * USEC_PER_SEC +
                         (usec_t) st.st_mtim.tv_nsec / 1000;
        /* One from the future is of a clock that went wrong, and nobody knows how old it is. */
        return requested_usec <= now_usec && now_usec - requested_usec < DRY_RUN_REQUEST_USEC;
}

int config_load_for_run(const char *name,
                        const char *root,
                        usec_t now_usec,
                        Config **ret,
                        ConfigError *ret_error)
{
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        r = config_load(name, root, &config, ret_error);
        if (r != 0)
                return r;
        r = config->dry_run ? 1 : is_requested(root, config->name, now_usec);
        if (r < 0)
                return r;
        if (r == 0) {
                *ret = TAKE_PTR(config);
                return 0;
        }
        config_error_done(ret_error);
        return config_load_staging(name, root, ret, ret_error);
}
