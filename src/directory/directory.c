/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration is root's and trusted; what others have done in the directory above is not. So
 * the directory above has to be root's alone; the new one gets its name only if nothing has it, and
 * nothing is removed that has not the inode that was written down. Killed at any point, the record
 * leads to everything that was made: a name before the directory, the inode before the final name.
 *
 * Nothing is done at a path that only the record knows: the record cannot say what is to be
 * changed, only whether what the configuration names is ours. */

#include "directory/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "acme/token.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/log.h"

#define RECORD_BYTES_MAX 1024U
#define IDENTITY_MAX 64U
#define TEMPORARY_MAX 64U

static void dir_closep(DIR **d)
{
        if (*d)
                closedir(*d);
}

static const char *last_component(const char *path)
{
        return strrchr(path, '/') + 1;
}

static int note(int record_fd, const char *name, const char *text)
{
        int r = file_create(record_fd, name, text, strlen(text), 0644);

        return r < 0 ? r : file_sync_directory(record_fd);
}

static int refuse(int record_fd, const char *path, const char *reason)
{
        _cleanup_free_ char *text = NULL;
        int r;

        if (asprintf(&text,
                     "Failed to make %s, which [WebRoot] Directory= names: %s",
                     path,
                     reason) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        log_error("%s", text);
        r = note(record_fd, DIRECTORY_REASON, text);
        return r < 0 ? r : DIRECTORY_E_REFUSED;
}

static int refuse_existing(int record_fd, const char *path)
{
        return refuse(record_fd,
                      path,
                      "it exists already. acmeward makes it when tokens are to be seen and removes "
                      "it afterwards, so remove it, or name another");
}

/* Who can write above it could put something else in its place. Return: 0; DIRECTORY_E_REFUSED;
 * -errno. */
static int check_parent(int record_fd, int parent_fd, const char *path)
{
        struct stat st;

        if (parent_fd < 0)
                return refuse(record_fd, path, "the directory above it does not exist");
        if (fstat(parent_fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid() || (st.st_mode & 0022))
                return refuse(record_fd,
                              path,
                              "the directory above it has to be root's, and nobody else's to "
                              "write to");
        if (fstatat(parent_fd, last_component(path), &st, AT_SYMLINK_NOFOLLOW) == 0)
                return refuse_existing(record_fd, path);
        return errno == ENOENT ? 0 : -errno;
}

/* What stays the same over a reboot: the device's number need not. The time is 0 where the file
 * system has none. Return: 0, -errno. */
static int identify(int fd, char ret[static IDENTITY_MAX])
{
        struct statx stx;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &stx) < 0)
                return -errno;
        if (!(stx.stx_mask & STATX_BTIME))
                stx.stx_btime = (struct statx_timestamp){};
        (void) snprintf(ret,
                        IDENTITY_MAX,
                        "%" PRIu64 ":%" PRIi64 ".%09" PRIu32,
                        (uint64_t) stx.stx_ino,
                        (int64_t) stx.stx_btime.tv_sec,
                        (uint32_t) stx.stx_btime.tv_nsec);
        return 0;
}

/* Owner, group and mode before the name. */
static int prepare(int record_fd, int parent_fd, const char *temporary)
{
        _cleanup_close_ int fd = -EBADF;
        char identity[IDENTITY_MAX];
        int r;

        if (mkdirat(parent_fd, temporary, 0700) < 0)
                return -errno;
        fd = openat(parent_fd, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fchown(fd, (uid_t) -1, getegid()) < 0 || fchmod(fd, 0775) < 0)
                return -errno;
        r = identify(fd, identity);
        return r < 0 ? r : note(record_fd, DIRECTORY_MADE, identity);
}

int directory_make(int record_fd, int parent_fd, const char *path)
{
        char temporary[TEMPORARY_MAX];
        uint64_t random;
        int r;

        r = directory_remove(record_fd, parent_fd, path);
        if (r < 0)
                return r;
        r = note(record_fd, DIRECTORY_PATH, path);
        if (r == 0)
                r = check_parent(record_fd, parent_fd, path);
        if (r != 0)
                return r;
        if (getrandom(&random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return -EIO;
        (void) snprintf(temporary,
                        sizeof(temporary),
                        FILE_TEMPORARY_PREFIX "acmeward.%016" PRIx64,
                        random);
        r = note(record_fd, DIRECTORY_TEMPORARY, temporary);
        if (r == 0)
                r = prepare(record_fd, parent_fd, temporary);
        if (r < 0)
                return refuse(record_fd, path, strerror(-r));
        if (renameat2(parent_fd, temporary, parent_fd, last_component(path), RENAME_NOREPLACE) < 0)
                return errno == EEXIST ? refuse_existing(record_fd, path)
                                       : refuse(record_fd, path, strerror(errno));
        return symlinkat(path, record_fd, DIRECTORY_LINK) < 0 ? -errno : 0;
}

/* Return: 0; -ENOENT; -errno. */
static int read_note(int record_fd, const char *name, char **ret)
{
        size_t length;

        return file_read(record_fd, name, RECORD_BYTES_MAX, O_NOFOLLOW, ret, &length);
}

static int remove_temporary(int record_fd, int parent_fd)
{
        _cleanup_free_ char *temporary = NULL;
        int r;

        r = read_note(record_fd, DIRECTORY_TEMPORARY, &temporary);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        /* Killed while it was written, the name is not whole, and not there. */
        if (!startswith(temporary, FILE_TEMPORARY_PREFIX) || strchr(temporary, '/'))
                return 0;
        return unlinkat(parent_fd, temporary, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* Is it the one that was made? Return: 0 no; 1; -errno. */
static int is_ours(int record_fd, int parent_fd, int fd)
{
        _cleanup_free_ char *noted = NULL;
        char identity[IDENTITY_MAX];
        struct stat st, above;
        int r;

        r = read_note(record_fd, DIRECTORY_MADE, &noted);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = identify(fd, identity);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0 || fstat(parent_fd, &above) < 0)
                return -errno;
        return streq(noted, identity) && st.st_dev == above.st_dev;
}

/* fd is taken. */
static int remove_tokens(int fd)
{
        _cleanup_(dir_closep) DIR *d = fdopendir(fd);

        if (!d) {
                int r = -errno;

                close(fd);
                return r;
        }
        for (struct dirent *entry; (entry = readdir(d));) {
                if (!acme_token_is_valid(entry->d_name) &&
                    !startswith(entry->d_name, FILE_TEMPORARY_PREFIX))
                        continue;
                if (unlinkat(dirfd(d), entry->d_name, 0) < 0 && errno != ENOENT)
                        return -errno;
        }
        return 0;
}

static int remove_directory(int record_fd, int parent_fd, const char *path)
{
        int fd, r;

        fd = openat(parent_fd,
                    last_component(path),
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
        r = is_ours(record_fd, parent_fd, fd);
        if (r <= 0) {
                close(fd);
                return r;
        }
        r = remove_tokens(fd);
        if (r < 0)
                return r;
        if (unlinkat(parent_fd, last_component(path), AT_REMOVEDIR) == 0)
                return 0;
        if (errno != ENOTEMPTY && errno != EEXIST)
                return -errno;
        log_error("%s has files in it that are none of acmeward's, and stays; remove it, or it "
                  "will be refused next time",
                  path);
        return DIRECTORY_E_FOREIGN;
}

/* Return: 0 no, or nothing is written down; 1, which is logged; -errno. */
static int is_of_another_path(int record_fd, const char *path)
{
        _cleanup_free_ char *noted = NULL, *made = NULL, *shown = NULL;
        int r;

        r = read_note(record_fd, DIRECTORY_PATH, &noted);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (streq(noted, path))
                return 0;
        r = read_note(record_fd, DIRECTORY_MADE, &made);
        if (r < 0)
                return r == -ENOENT ? 1 : r;
        shown = escape_foreign(noted, strlen(noted), FOREIGN_TEXT_MAX);
        if (!shown)
                return -ENOMEM;
        log_error("%s was made for an earlier [WebRoot] Directory= and is still there; remove it",
                  shown);
        return 1;
}

int directory_remove(int record_fd, int parent_fd, const char *path)
{
        static const char *const notes[] = {DIRECTORY_LINK,
                                            DIRECTORY_REASON,
                                            DIRECTORY_TEMPORARY,
                                            DIRECTORY_MADE,
                                            DIRECTORY_PATH};
        int r;

        r = is_of_another_path(record_fd, path);
        if (r < 0)
                return r;
        if (r > 0 || parent_fd < 0)
                r = 0;
        else {
                r = remove_temporary(record_fd, parent_fd);
                if (r == 0)
                        r = remove_directory(record_fd, parent_fd, path);
        }
        if (r < 0)
                return r;
        FOREACH_ARRAY (name, notes, ELEMENTSOF(notes))
                if (unlinkat(record_fd, *name, 0) < 0 && errno != ENOENT)
                        return -errno;
        return r;
}
