/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Targets are few (DEPLOY_TARGETS_MAX), so the plain way: as long as there are any, take those
 * whose predecessor has been taken. */

#include "deploy/plan.h"

static bool
is_placed(const DeployTarget *targets, const size_t order[], size_t n, const char *label)
{
        for (size_t i = 0; i < n; i++)
                if (streq(targets[order[i]].label, label))
                        return true;
        return false;
}

void plan_order(const DeployTarget *targets, size_t n, size_t ret_order[])
{
        size_t placed = 0;

        while (placed < n) {
                size_t before = placed;

                for (size_t i = 0; i < n; i++) {
                        const DeployTarget *t = &targets[i];

                        if (is_placed(targets, ret_order, placed, t->label))
                                continue;
                        if (!t->after || is_placed(targets, ret_order, placed, t->after))
                                ret_order[placed++] = i;
                }
                assert(placed > before);
        }
}
