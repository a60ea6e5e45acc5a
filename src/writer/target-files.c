/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The order of the steps is the promise. Everything that can fail for want of room comes before the
 * first rename, and everything the renames need is on disk before it too. The renames follow each
 * other with nothing between them, keys first, and while the old files still lie beside the new
 * ones each of them can be taken back. The old files go when the new names are on disk.
 *
 * So a crash leaves the old files or the new ones, but for the moment between two system calls.
 * What it leaves then is whole: the missing half lies beside its destination, and
 * target_files_finish() of the next run puts it there. test-crash.c kills a run at each of its
 * calls. */

#include "writer/target-files.h"

#include <fcntl.h>
#include <signal.h>

#define FOREACH_PLACE(place, files)                                                                \
        for (Place *place = (files)->places; place < (files)->places + (files)->n_places; place++)

static void pkey_freep(EVP_PKEY **key)
{
        EVP_PKEY_free(*key);
}

void target_files_done(TargetFiles *files)
{
        for (size_t i = 0; i < files->n_directories; i++)
                directory_done(&files->directories[i]);
        *files = (TargetFiles){};
}

/* The directory of path, opened once however many files are in it. */
static int
get_directory(int root_fd, const char *path, TargetFiles *files, Directory **ret, Failure *failure)
{
        _cleanup_free_ char *parent = NULL;
        size_t length = (size_t) (strrchr(path, '/') - path);
        int r;

        parent = length == 0 ? strdup("/") : strndup(path, length);
        if (!parent)
                return -ENOMEM;
        for (size_t i = 0; i < files->n_directories; i++)
                if (streq(files->directories[i].path, parent)) {
                        *ret = &files->directories[i];
                        return 0;
                }
        r = directory_open(root_fd,
                           parent,
                           &files->identity,
                           &files->directories[files->n_directories],
                           failure);
        if (r == 0)
                *ret = &files->directories[files->n_directories++];
        return r;
}

static int add_place(int root_fd,
                     const DeployTarget *target,
                     const char *path,
                     DeployFile file,
                     TargetFiles *files,
                     Failure *failure)
{
        Place *place = &files->places[files->n_places];
        Directory *directory;
        int r;

        r = get_directory(root_fd, path, files, &directory, failure);
        if (r != 0)
                return r;
        *place = (Place){
                        .file = file,
                        .path = path,
                        .directory = directory,
                        .identity = &files->identity,
                        .mode = deploy_target_mode(target, file) & 0777,
        };
        /* Whatever is asked for. */
        if (deploy_file_has_key(file))
                place->mode &= ~(mode_t) 0007;
        files->n_places++;
        return place_init(place, failure);
}

int target_files_open(const char *root,
                      const DeployTarget *target,
                      char *const paths[static DEPLOY_FILE_MAX],
                      TargetFiles *files,
                      Failure *failure)
{
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        root_fd = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                return failure_set_errno(failure, -errno, *root ? root : "/", "open");
        r = identity_resolve(target, &files->identity, failure);
        for (DeployFile file = 0; r == 0 && file < DEPLOY_FILE_MAX; file++)
                if (paths[file])
                        r = add_place(root_fd, target, paths[file], file, files, failure);
        return r;
}

static int sync_directories(TargetFiles *files, Failure *failure)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < files->n_directories; i++)
                r = directory_sync(&files->directories[i], failure);
        return r;
}

/* Is what lies beside the file the one that fits the key, and the file itself not? */
static bool is_half_done(const Place *place, const EVP_PKEY *key)
{
        _cleanup_(pkey_freep) EVP_PKEY *there = NULL, *ready = place_public_key(place, true);

        if (!ready || EVP_PKEY_eq(ready, key) != 1)
                return false;
        there = place_public_key(place, false);
        return !there || EVP_PKEY_eq(there, key) != 1;
}

int target_files_finish(TargetFiles *files, Failure *failure)
{
        _cleanup_(pkey_freep) EVP_PKEY *key = NULL;
        int changed = 0, r;

        if (files->n_places == 0 || files->places[0].file != DEPLOY_PRIVATE_KEY)
                return 0;
        FOREACH_PLACE(place, files)
        {
                if (!place_has_temporary(place) || place->file == DEPLOY_PRIVATE_KEY)
                        continue;
                if (!key)
                        key = place_public_key(&files->places[0], false);
                if (!key || !is_half_done(place, key))
                        continue;
                r = place_install(place, failure);
                if (r != 0)
                        return r;
                place->is_missing = false;
                changed = TARGET_FILES_CHANGED;
        }
        if (changed) {
                r = sync_directories(files, failure);
                if (r != 0)
                        return r;
        }
        return changed;
}

/* Return: 0, or how many are not as they should be in *ret_n. */
static int inspect(TargetFiles *files, Material *material, size_t *ret_n, Failure *failure)
{
        int r = 0;

        *ret_n = 0;
        FOREACH_PLACE(place, files)
        {
                r = place_inspect(place, material, failure);
                if (r != 0)
                        break;
                *ret_n += place->state != PLACE_CURRENT;
        }
        return r;
}

static int prepare(TargetFiles *files, Material *material, Failure *failure)
{
        int r = 0;

        FOREACH_PLACE(place, files)
        {
                if (r == 0 && place->state != PLACE_CURRENT)
                        r = place_prepare(place, material, failure);
        }
        /* The names of what was prepared, too: they are what the next run finds it by. */
        return r == 0 ? sync_directories(files, failure) : r;
}

/* PID 1 asks a unit to stop with SIGTERM, and that can wait for two renames. */
static void hold_signals(bool is_held)
{
        sigset_t signals;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        (void) sigprocmask(is_held ? SIG_BLOCK : SIG_UNBLOCK, &signals, NULL);
}

/* Nothing here but one system call for each file. */
static int install(TargetFiles *files, Failure *failure)
{
        int r = 0;

        FOREACH_PLACE(place, files)
        {
                if (r == 0 && place->state == PLACE_PREPARED)
                        r = place_install(place, failure);
        }
        return r == 0 ? sync_directories(files, failure) : r;
}

/* The last change first, so that a key is never older than its certificate here either. */
static void undo(TargetFiles *files)
{
        Failure ignored = {};

        for (size_t i = files->n_places; i > 0; i--)
                place_undo(&files->places[i - 1]);
        (void) sync_directories(files, &ignored);
        failure_done(&ignored);
}

static int tidy(TargetFiles *files, Failure *failure)
{
        int r = 0;

        FOREACH_PLACE(place, files)
        {
                if (r == 0)
                        r = place_tidy(place, failure);
        }
        return r;
}

int target_files_write(TargetFiles *files, Material *material, Failure *failure)
{
        size_t n_stale;
        int r;

        r = inspect(files, material, &n_stale, failure);
        if (r != 0)
                return r;
        if (n_stale == 0)
                return tidy(files, failure);
        r = prepare(files, material, failure);
        hold_signals(true);
        if (r == 0)
                r = install(files, failure);
        if (r != 0)
                undo(files);
        else
                r = tidy(files, failure);
        hold_signals(false);
        return r == 0 ? TARGET_FILES_CHANGED : r;
}
