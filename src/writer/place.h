/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One file of a target, from what is there to what is to be there:
 *
 *     place_init(), place_inspect()      is it missing, or another one?
 *     place_prepare()                    written and synced beside it, with owner and mode
 *     place_install()                    one rename
 *     place_undo() or place_tidy()       back, or the old one away
 *
 * Beside a file FILE there may be .#FILE.acmeward, never longer than a run lasts: before its rename
 * the new content, after it the old one. What a killed run leaves is found by that name. */

#include <limits.h>

#include "writer/directory.h"
#include "writer/material.h"

#define PLACE_TEMPORARY_SUFFIX ".acmeward"

typedef enum PlaceState {
        PLACE_UNKNOWN,
        PLACE_CURRENT,   /* nothing is to be done */
        PLACE_MISSING,   /* nothing is there */
        PLACE_STALE,     /* another content, owner or mode */
        PLACE_PREPARED,  /* the temporary is whole */
        PLACE_NEW,       /* renamed to where nothing was */
        PLACE_EXCHANGED, /* the temporary is the old file now */
        PLACE_REPLACED,  /* renamed over the old file: no way back */
} PlaceState;

typedef struct Place {
        DeployFile file;
        const char *path; /* borrowed, as name */
        const char *name;
        const Directory *directory; /* borrowed */
        const Identity *identity;   /* borrowed */
        mode_t mode;
        PlaceState state;
        bool is_missing; /* nothing is there */
        char temporary[NAME_MAX + 1];
} Place;

/* The last part of path is the file's name. Looks at what is there, not into it.
 * Return: 0; WRITER_E_FAILED (symlink, notRegular, nameTooLong, …); -ENOMEM. */
int place_init(Place *place, Failure *failure);

/* Sets state to PLACE_CURRENT, PLACE_MISSING or PLACE_STALE.
 * Return: 0; WRITER_E_FAILED; -ENOMEM; -EIO. */
int place_inspect(Place *place, Material *material, Failure *failure);

/* Return: 0; WRITER_E_FAILED, place_undo() removes the rest then; -ENOMEM; -EIO. */
int place_prepare(Place *place, Material *material, Failure *failure);

/* One system call where the file system can exchange two names. Return: 0; WRITER_E_FAILED;
 * -ENOMEM.
 */
int place_install(Place *place, Failure *failure);

/* From PLACE_PREPARED or later back to the old file, and the temporary away. A failure is logged.
 */
void place_undo(Place *place);

bool place_has_temporary(const Place *place);

/* Removes the temporary, whatever it is by now. Return: 0; WRITER_E_FAILED; -ENOMEM. */
int place_tidy(Place *place, Failure *failure);

/* The public key of the file, or of its temporary, as material_public_key(). */
EVP_PKEY *place_public_key(const Place *place, bool is_temporary);
