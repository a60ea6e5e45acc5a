/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signer of one certificate: what it knows, and the service that it offers. */

#include <systemd/sd-event.h>

#include "base/time-util.h"
#include "signer/door.h"

typedef struct Signer Signer;

/* Loads the configuration, opens the store and looks at what is live. What is wrong with any of
 * them is no failure here but the answer to every call. name: unchecked. root: put before every
 * path, "" but in tests; now: the clock. Both strings outlive the signer. Return: 0, -errno. */
int signer_new(sd_event *event,
               const char *root,
               const char *name,
               usec_t (*now)(void),
               Signer **ret);

/* Opens a door. listen_fd is taken, also on failure. Return: 0, -errno. */
int signer_serve(Signer *signer, Door door, int listen_fd);

/* Closes the door first, so that who is still there is counted; then writes what has not been
 * written, and erases the keys. */
void signer_free(Signer *signer);
DEFINE_CLEANUP(Signer *, signer_free);
