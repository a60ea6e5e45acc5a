/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A directory that files of a target are written to: opened without following a link anywhere in
 * its path, and only where nobody but root and the target's owner can change what is in it. */

#include "writer/failure.h"
#include "writer/identity.h"

typedef struct Directory {
        char *path;
        int fd; /* for reading, so that it can be synced */
} Directory;
void directory_done(Directory *directory);

/* root_fd: what path begins at; "/" but in tests. path: absolute and normalised; taken from there.
 * Return: 0; WRITER_E_FAILED (symlink, noDirectory, directoryWritable, unfitPlace, …); -ENOMEM. */
int directory_open(int root_fd,
                   const char *path,
                   const Identity *identity,
                   Directory *ret,
                   Failure *failure);

/* Return: 0; WRITER_E_FAILED; -ENOMEM. */
int directory_sync(const Directory *directory, Failure *failure);
