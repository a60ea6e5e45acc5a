/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two certificates with a file at one path would take it from each other at every run: the path is
 * whose who had it first. */

#include "deploy/deploy.h"

/* Notes that the target's paths are this certificate's, before anything is written to them.
 * Return: 0; DEPLOY_E_FAILED, another one has one of them; -errno. */
int claim_paths(Deploy *d, const DeployTarget *target, RecordTarget *noted);
