/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Configuration, files, store, in this order: what a killed run has left is finished before the
 * store is asked for anything. */

#include "writer/writer.h"

#include "base/audit.h"
#include "base/log.h"
#include "config/config.h"
#include "writer/target-files.h"

static int load_config(const WriterRequest *request, Config **ret)
{
        _cleanup_(config_error_done) ConfigError error = {};
        int r;

        r = config_load(request->name, request->root, ret, &error);
        if (r == CONFIG_E_INVALID) {
                audit(AUDIT_CONFIGURATION_INVALID,
                      error.message,
                      {AUDIT_TARGET, request->label},
                      {AUDIT_REASON, error.message});
                return WRITER_E_CONFIGURATION;
        }
        return r;
}

static const DeployTarget *find_target(const Config *config, const char *label)
{
        FOREACH_ARRAY (target, config->deploy, config->n_deploy)
                if (streq(target->label, label))
                        return target;
        return NULL;
}

/* The files of one key type. */
static int write_files(const WriterRequest *request,
                       const DeployTarget *target,
                       char *const paths[static DEPLOY_FILE_MAX],
                       const char *variant,
                       bool *is_written,
                       Failure *failure)
{
        _cleanup_(target_files_done) TargetFiles files = {};
        _cleanup_(material_done) Material material = {};
        int finished, r;

        r = target_files_open(request->root, target, paths, &files, failure);
        if (r != 0)
                return r;
        finished = target_files_finish(&files, failure);
        if (finished != 0 && finished != TARGET_FILES_CHANGED)
                return finished;
        if (finished == TARGET_FILES_CHANGED)
                log_notice("[Deploy %s]: finished what an earlier run had begun", target->label);
        r = material_load(request->root,
                          request->name,
                          variant,
                          target,
                          request->credentials,
                          &material,
                          failure);
        if (r == 0)
                r = target_files_write(&files, &material, failure);
        if (r != 0 && r != TARGET_FILES_CHANGED && r != WRITER_E_NOTHING)
                return r;
        *is_written = *is_written || r == TARGET_FILES_CHANGED || finished == TARGET_FILES_CHANGED;
        return 0;
}

/* One key type after the other: each has a key and a certificate that fit, whatever becomes of the
 * other. */
static int write_target(const WriterRequest *request,
                        const Config *config,
                        const DeployTarget *target,
                        bool *ret_is_written,
                        Failure *failure)
{
        bool is_written = false;
        int r;

        r = write_files(request, target, target->paths, NULL, &is_written, failure);
        if (r == 0 && config->n_key_types > 1)
                r = write_files(request,
                                target,
                                target->second_paths,
                                config_variant(config, 1),
                                &is_written,
                                failure);
        if (r == 0)
                *ret_is_written = is_written;
        return r;
}

int writer_run(const WriterRequest *request, bool *ret_is_written, Failure *failure)
{
        _cleanup_(config_freep) Config *config = NULL;
        const DeployTarget *target;
        int r;

        r = load_config(request, &config);
        if (r != 0)
                return r;
        target = find_target(config, request->label);
        if (!target)
                return failure_set(failure,
                                   FAILURE_LABEL,
                                   NULL,
                                   "the configuration of %s has no such section",
                                   request->name);
        return write_target(request, config, target, ret_is_written, failure);
}
