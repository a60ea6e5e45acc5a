/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files of the configuration: found, read on top of each other, and their absence told from
 * their unreadability. */

#include "config/values.h"

/* A directory of more drop-ins than this is a mistake. */
#define SOURCE_DROPINS_MAX 256U

/* Reads the file at path into values.
 * Return: 0; SOURCE_E_MISSING; CONFIG_E_INVALID, ret_error is filled in then; -ENOMEM. */
enum {
        SOURCE_E_MISSING = 200,
};
int source_read(Values *values, ConfigFile kind, const char *path, ConfigError *ret_error);

/* The same, and path.d/ *.conf behind it in the order of their names; it is no error when there is
 * neither. Return: 0; CONFIG_E_INVALID; -ENOMEM. */
int source_read_with_dropins(Values *values,
                             ConfigFile kind,
                             const char *path,
                             ConfigError *ret_error);

/* The names in directory that end in ".conf" and do not begin with a dot, appended to list and
 * sorted; a directory that is not there has none. Return: 0, -errno; -E2BIG when there are more
 * than SOURCE_DROPINS_MAX. */
int source_list(const char *directory, char ***list);
