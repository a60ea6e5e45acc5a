/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A directory that is there while tokens are, and never before: in it goes nothing but tokens. */

#include "base/macro.h"

/* What is written down about it, in a directory of its own: */
#define DIRECTORY_PATH "path"           /* before anything else: what is to be made */
#define DIRECTORY_LINK "link"           /* to the path, as everybody else sees it: it is made */
#define DIRECTORY_REASON "refused"      /* why it is not, one sentence */
#define DIRECTORY_MADE "made"           /* inode and time of birth */
#define DIRECTORY_TEMPORARY "temporary" /* its name before it had one */

enum {
        DIRECTORY_E_REFUSED = 1, /* the reason has been written down */
        DIRECTORY_E_FOREIGN = 2, /* it has files in it that are none of ours, and stays */
};

/* record_fd: where that is; what an earlier run has left there is finished first. parent_fd: the
 * directory above path, -EBADF: there is none. Mode 0775, of uid 0 and this process's group.
 * Return: 0; DIRECTORY_E_REFUSED; -errno. */
int directory_make(int record_fd, int parent_fd, const char *path);

/* Of that what was made, if anything was; may be repeated, and empties the record. Made of another
 * path, it stays, and that is logged. Return: 0; DIRECTORY_E_FOREIGN; -errno. */
int directory_remove(int record_fd, int parent_fd, const char *path);
