/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files that survive a power cut, and reads that a file cannot make large.
 *
 * name is one component below the directory that dir_fd stands for (O_PATH and AT_FDCWD do). */

#include <sys/types.h>

#include "base/macro.h"

/* What the temporaries of file_replace() and file_symlink_replace() begin with: one that a SIGKILL
 * left behind can be told by it. */
#define FILE_TEMPORARY_PREFIX ".#"

/* Reads a regular file of at most max bytes and puts a NUL behind it. dir_fd and path as in
 * openat(); flags are further ones of open(2): with O_NOFOLLOW no symbolic link is followed in the
 * last component. ret_length may be NULL.
 * Return: 0; -EFBIG when it is larger; -EBADMSG when it is not a regular file or has a NUL byte
 * inside; -errno. */
int file_read(int dir_fd, const char *path, size_t max, int flags, char **ret, size_t *ret_length);

/* The same of a file that is open already, from where it stands to its end, with NUL bytes as they
 * are; what it reads is erased when it fails. Return: 0; -EFBIG; -errno. */
int file_read_fd(int fd, size_t max, char **ret, size_t *ret_length);

/* Writes all of it, however many calls that takes. Return: 0, -errno. */
int file_write_fd(int fd, const void *data, size_t length);

/* Makes a new file with this mode from birth, whatever the umask, writes it and syncs it; not the
 * directory.
 * Return: 0; -EEXIST; -errno, and no file is left behind then (but for -EEXIST). */
int file_create(int dir_fd, const char *name, const void *data, size_t length, mode_t mode);

/* As file_create() beside the destination, then one rename over it, then a sync of the directory.
 * Readers see the old content or the new. Return: 0, -errno. */
int file_replace(int dir_fd, const char *name, const void *data, size_t length, mode_t mode);

/* As the two above without the syncs: for who syncs later and many at once, and for a cache, of
 * which a power cut may leave anything. */
int file_create_unsynced(int dir_fd,
                         const char *name,
                         const void *data,
                         size_t length,
                         mode_t mode);
int file_replace_unsynced(int dir_fd,
                          const char *name,
                          const void *data,
                          size_t length,
                          mode_t mode);
int file_sync(int dir_fd, const char *name);

/* Points the symbolic link name at target, by one rename, and syncs the directory.
 * Return: 0, -errno. */
int file_symlink_replace(int dir_fd, const char *target, const char *name);

/* Makes what was renamed, made or removed in the directory last. Return: 0, -errno. */
int file_sync_directory(int dir_fd);

/* Removes a directory of ours with all in it; never follows a symbolic link, never enters another
 * file system. The directory around it is not synced.
 * Return: 0, also when it is not there; -ENOTDIR when it is something else; -EXDEV or -EBUSY
 * when something is mounted in it; -ELOOP when it is deeper than anything of ours; -errno. */
int file_remove_tree(int dir_fd, const char *name);
