/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One place for the names, since a step that is looked for under another name than it was noted
 * under would be done over and over, or waited for in vain. */

#include "deploy/step.h"

int step_of_unit(const char *setting, const char *unit, char **ret)
{
        char *step;

        if (asprintf(&step, "%s=%s", setting, unit) < 0)
                return -ENOMEM;
        *ret = step;
        return 0;
}

int step_of_program(char *const *argv, char **ret)
{
        _cleanup_free_ char *command = NULL;
        int r;

        r = strv_join(argv, " ", &command);
        return r < 0 ? r : step_of_unit("Exec", command, ret);
}

static int add_units(char ***list, const char *setting, char **units)
{
        STRV_FOREACH (unit, units) {
                _cleanup_free_ char *step = NULL;
                int r;

                r = step_of_unit(setting, *unit, &step);
                if (r == 0)
                        r = strv_append(list, step);
                if (r < 0)
                        return r;
        }
        return 0;
}

int step_list(const DeployTarget *target, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *program = NULL;
        int r;

        r = add_units(&list, "Reload", target->reload);
        if (r == 0)
                r = add_units(&list, "Restart", target->restart);
        if (r == 0)
                r = add_units(&list, "TryReload", target->try_reload);
        if (r == 0 && target->exec)
                r = step_of_program(target->exec, &program);
        if (r == 0 && program)
                r = strv_append(&list, program);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(list);
        return 0;
}

int step_list_consumers(char **consumers, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;
        int r;

        r = add_units(&list, "Consumers", consumers);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(list);
        return 0;
}
