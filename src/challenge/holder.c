/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel gives the lock back when its process ends, however that comes; so a lock says who
 * lives, and nobody has to be told. All holders are processes of this room's user, which trust
 * each other with the tokens' directory anyway.
 *
 * A directory is made, then locked, and removed under its lock: who has locked it looks whether it
 * still has its name. */

#include "challenge/holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/name.h"
#include "challenge/stateless.h"

/* Each further try is another process that has removed the directory just now. */
#define TRIES_MAX 16U

static void dir_closep(DIR **d)
{
        if (*d)
                closedir(*d);
}

/* Return: 0; -ENOENT it has lost its name, or never had it; -EWOULDBLOCK somebody has it, when
 * operation says not to wait; -errno. */
static int lock_directory(int lease_fd, const char *name, int operation, int *ret)
{
        _cleanup_close_ int fd = -EBADF;
        struct stat st, named;

        fd = openat(lease_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || flock(fd, operation) < 0 || fstat(fd, &st) < 0 ||
            fstatat(lease_fd, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (st.st_dev != named.st_dev || st.st_ino != named.st_ino)
                return -ENOENT;
        *ret = TAKE_FD(fd);
        return 0;
}

/* The lock is held. */
static int withdraw_and_remove(Tokens *tokens, const char *name)
{
        int r, n;

        r = tokens->is_exclusive ? 0 : stateless_withdraw(tokens->fds[0], name);
        n = tokens_withdraw_all(tokens);
        if (r < 0 || n < 0)
                return n < 0 ? n : r;
        return unlinkat(tokens->lease_fd, name, AT_REMOVEDIR) < 0 ? -errno : n;
}

/* Return: how many tokens, 0 when it lives; -errno. */
static int remove_if_dead(const Tokens *tokens, const char *name)
{
        _cleanup_close_ int fd = -EBADF;
        Tokens dead = *tokens;
        int r;

        r = lock_directory(tokens->lease_fd, name, LOCK_EX | LOCK_NB, &fd);
        if (r < 0)
                return r == -EWOULDBLOCK || r == -ENOENT ? 0 : r;
        dead.mark_fd = fd;
        return withdraw_and_remove(&dead, name);
}

int holder_remove_dead(Tokens *tokens)
{
        _cleanup_(dir_closep) DIR *d = NULL;
        int fd, n = 0, r = 0;

        fd = openat(tokens->lease_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        d = fdopendir(fd);
        if (!d) {
                r = -errno;
                close(fd);
                return r;
        }
        for (struct dirent *entry; (entry = readdir(d));) {
                int k;

                if (!certificate_name_is_valid(entry->d_name))
                        continue;
                k = remove_if_dead(tokens, entry->d_name);
                if (k < 0)
                        r = log_error_errno(k,
                                            "Failed to remove what %s has left public",
                                            entry->d_name);
                else
                        n += k;
        }
        if (n > 0)
                log_notice("Removed %i tokens that were left behind", n);
        return r < 0 ? r : n;
}

int holder_begin(Tokens *tokens, const char *name)
{
        int r = -ENOENT;

        /* Others' leftovers, which have been logged, are no reason to have nothing public. */
        (void) holder_remove_dead(tokens);
        for (unsigned i = 0; r == -ENOENT && i < TRIES_MAX; i++) {
                if (mkdirat(tokens->lease_fd, name, 0700) < 0 && errno != EEXIST)
                        return -errno;
                r = lock_directory(tokens->lease_fd, name, LOCK_EX, &tokens->mark_fd);
        }
        return r;
}

int holder_end(Tokens *tokens, const char *name)
{
        return withdraw_and_remove(tokens, name);
}
