/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What has been published for one certificate and not been removed: a file for each value, named
 * by it, with the identifier in it. A mark is made before its record and removed after it. The
 * directory outlasts a boot, as records do, and is locked by whoever works with it. */

#include "base/strv.h"

#define MARKS_DIRECTORY "/var/lib/acme/dns"

/* Opens and locks the directory of this name, and makes it if need be. may_wait: for another
 * process to let go of it. Return: a descriptor; -EWOULDBLOCK; -errno. */
int marks_open(const char *path, const char *name, bool may_wait);

/* Return: 0, on disk; -EEXIST it is marked for another identifier; -errno. */
int marks_add(int fd, const char *identifier, const char *value);
int marks_remove(int fd, const char *value);

/* ret_identifiers, ret_values: as many of each. Return: 0, -errno. */
int marks_list(int fd, char ***ret_identifiers, char ***ret_values);
