/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* /var/lib/acme/certs/NAME/state.json: what the signer lets everybody know of a certificate. */

#include "state/state.h"

/* root: put before the path, "" but in tests. variant: of the second of two key types, or NULL.
 * Return: 0; -ENOENT when there is none; -EBADMSG when it cannot be used; -errno. */
int public_state_load(const char *root, const char *name, const char *variant, State **ret);
