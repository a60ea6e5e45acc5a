/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* In which order the targets of a certificate are served. */

#include "config/deploy-target.h"

/* Each target behind the one that its After= names, else as they come in the files. targets:
 * without a cycle, as the configuration makes sure. ret_order: n indexes. */
void plan_order(const DeployTarget *targets, size_t n, size_t ret_order[]);
