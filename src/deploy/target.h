/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One target from its files to its last step. */

#include "deploy/deploy.h"

/* Does what is missing. Return: 0; DEPLOY_E_FAILED; -errno. */
int target_serve(Deploy *d, const DeployTarget *target);

/* The units of Consumers=, a target without files. */
int target_serve_consumers(Deploy *d);
