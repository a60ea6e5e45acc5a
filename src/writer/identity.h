/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whose the files of a target are to be. */

#include <sys/types.h>

#include "config/deploy-target.h"
#include "writer/failure.h"

typedef struct Identity {
        uid_t uid;
        gid_t gid;
} Identity;

/* Owner= and Group= in numbers: root and the owner's primary group when they are not given.
 * Return: 0; WRITER_E_FAILED (unknownOwner, unknownGroup); -ENOMEM. */
int identity_resolve(const DeployTarget *target, Identity *ret, Failure *failure);
