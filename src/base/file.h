/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files that survive a power cut, and reads that a file cannot make large. */

#include <sys/types.h>

#include "base/macro.h"

/* Reads a regular file of at most max bytes and puts a NUL behind it. dir_fd as in openat(); no
 * symlink is followed in the last component when flags has O_NOFOLLOW.
 * Return: 0; -EFBIG when it is larger; -EBADMSG when it is not a regular file or has a NUL byte inside; -errno. */
int file_read(int dir_fd, const char *path, size_t max, int flags, char **ret, size_t *ret_length);

/* Makes a new file with this mode from birth, writes it and syncs it; not the directory.
 * Return: 0; -EEXIST; -errno, and no file is left behind then (but for -EEXIST). */
int file_create(int dir_fd, const char *name, const void *data, size_t length, mode_t mode);

/* As file_create() beside the destination, then one rename over it, then a sync of the directory.
 * Readers see the old content or the new. Return: 0, -errno. */
int file_replace(int dir_fd, const char *name, const void *data, size_t length, mode_t mode);

/* Points the symbolic link name at target, by one rename, and syncs the directory.
 * Return: 0, -errno. */
int file_symlink_replace(int dir_fd, const char *target, const char *name);

/* Removes a directory of ours with all in it; never follows a symlink, never crosses below it.
 * Return: 0, also when it is not there; -errno. */
int file_remove_tree(int dir_fd, const char *name);
