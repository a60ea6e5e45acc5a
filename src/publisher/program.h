/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The administrator's own program (Program=), with the arguments of its convention. */

#include "publisher/update.h"

/* Return: 0; PUBLISH_E_REFUSED. */
int program_check(const DnsPublisher *publisher);

/* Becomes the program. name: behind CNAMEs. Return: only when that fails: PUBLISH_E_REFUSED,
 * -errno. */
int program_run(const DnsPublisher *publisher,
                UpdateAction action,
                const char *identifier,
                const char *name,
                const char *value);
