/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From which generation a file was mounted. */

#include "base/macro.h"

/* text: /proc/self/mountinfo (proc_pid_mountinfo(5)). path: where a file of a generation is
 * mounted. ret: the name of the directory that it is in, at its source; NULL when nothing is
 * mounted there. Return: 0, -ENOMEM. */
int mount_source_directory(const char *text, const char *path, char **ret);
