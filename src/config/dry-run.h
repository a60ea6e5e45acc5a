/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A renewal that goes all the way with the CAs' staging twins, and changes nothing. Whether a run
 * is one is decided by this rule alone, from what root has written: by the signer, which then has
 * no means to do otherwise, and by the client, which has to have come to the same. */

#include "config/config.h"

/* DIR/NAME: a file there, made by root, makes runs of NAME dry ones. It is removed by who made it;
 * for the case that it could not, it holds for as long as a run may take and no longer, so that no
 * renewal stays away for it. */
#define DRY_RUN_REQUEST_DIRECTORY "/run/acme/dry-run"
#define DRY_RUN_REQUEST_USEC (15 * USEC_PER_MINUTE)

/* As config_load(), for a run: where it is a dry one, Config.is_dry_run is set, and the CAs are the
 * twins, with accounts of their own. CONFIG_E_INVALID also when there is no twin. */
int config_load_for_run(const char *name,
                        const char *root,
                        usec_t now_usec,
                        Config **ret,
                        ConfigError *ret_error);
