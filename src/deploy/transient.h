/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The two kinds of transient units that a target needs. What never changes about them is in
 * units/acme-deploy-write@.service.d/ and units/acme-deploy-exec@.service.d/. */

#include "deploy/deploy.h"

/* Has acme-deploy-write bring the target's files to what is live.
 * Return: 0; DEPLOY_E_FAILED; -errno. ret_is_changed: there was something to do. */
int transient_write(Deploy *d, const DeployTarget *target, bool *ret_is_changed);

/* Runs Exec=. Return: 0; DEPLOY_E_FAILED; -errno. */
int transient_exec(Deploy *d, const DeployTarget *target);
