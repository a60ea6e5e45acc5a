/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* All files of a target together: written as one, or not at all. */

#include "writer/place.h"

typedef struct TargetFiles {
        Identity identity;
        Directory directories[DEPLOY_FILE_MAX];
        size_t n_directories;
        Place places[DEPLOY_FILE_MAX]; /* keys first */
        size_t n_places;
} TargetFiles;
void target_files_done(TargetFiles *files);

/* 1 is WRITER_E_FAILED. */
enum {
        TARGET_FILES_CHANGED = 2,
};

/* Opens the directories and looks at what is there. paths: the target's, of one key type. files:
 * empty; it keeps pointers into target and into itself, and is to be done with in every case.
 * Return: 0; WRITER_E_FAILED; -ENOMEM. */
int target_files_open(const char *root,
                      const DeployTarget *target,
                      char *const paths[static DEPLOY_FILE_MAX],
                      TargetFiles *files,
                      Failure *failure);

/* What a run that was killed between its renames has left is brought to its end: a certificate that
 * does not fit the key beside it, while the one that does lies ready. That takes renames and
 * nothing else: neither room on the disk nor a store that can be read. Return: 0;
 * TARGET_FILES_CHANGED; WRITER_E_FAILED; -ENOMEM. */
int target_files_finish(TargetFiles *files, Failure *failure);

/* Makes what is not there, or not as it should be. Return: 0 when nothing was to be done;
 * TARGET_FILES_CHANGED; WRITER_E_FAILED; -ENOMEM; -EIO. The files are as before unless they were
 * changed, and there are no others either way. */
int target_files_write(TargetFiles *files, Material *material, Failure *failure);
