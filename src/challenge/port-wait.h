/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Is what a CA looks through open? PID 1 starts the room and the firewall at the same time, and the
 * firewall says in a file, which is its standard output, when it is done. */

#include "base/time-util.h"

/* directory, name: the file, which need not be there yet. The firewall is done when its line has
 * ended; where others have all addresses there is nothing else in it. timeout: how long to wait.
 * Return: 0; -ETIMEDOUT; -errno. */
int port_wait(const char *directory, const char *name, usec_t timeout);
