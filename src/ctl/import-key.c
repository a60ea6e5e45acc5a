/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acmectl import-key NAME FILE: puts a private key beside NAME's generations, where its signer and
 * root alone can read it, and has the signer take it over for the next certificate. */

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/name.h"
#include "ctl/unit.h"
#include "ctl/verb.h"

#define CERTS "/var/lib/acme/certs"
#define FILE_NAME "import-key" /* STORE_IMPORT_KEY_FILE of the signer */
#define KEY_BYTES_MAX (64U * 1024U)
#define SIGNER_USER "acme-signer"

/* file: "-" for standard input. Return: 0; -EFBIG; -errno. */
static int read_key(const char *file, char **ret, size_t *ret_length)
{
        _cleanup_close_ int fd = -EBADF;

        if (streq(file, "-"))
                return file_read_fd(STDIN_FILENO, KEY_BYTES_MAX, ret, ret_length);
        fd = open(file, O_RDONLY | O_NOCTTY | O_CLOEXEC);
        return fd < 0 ? -errno : file_read_fd(fd, KEY_BYTES_MAX, ret, ret_length);
}

/* NAME's directory, made as PID 1 would make it where there was no renewal yet. Return: the
 * descriptor, -errno. */
static int open_directory(const char *name, const struct passwd *owner)
{
        _cleanup_close_ int certs_fd = open(CERTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int fd;

        if (certs_fd < 0)
                return -errno;
        if (mkdirat(certs_fd, name, 0755) < 0) {
                if (errno != EEXIST)
                        return -errno;
        } else if (fchownat(certs_fd, name, owner->pw_uid, owner->pw_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        fd = openat(certs_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* The directory is the signer's: what happens there to the name of a file of ours can harm nobody
 * but the signer. Return: 0, -errno. */
static int leave(int dir_fd, const struct passwd *owner, const char *text, size_t length)
{
        int r;

        r = file_replace_unsynced(dir_fd, FILE_NAME, text, length, 0600);
        if (r < 0)
                return r;
        return fchownat(dir_fd, FILE_NAME, owner->pw_uid, owner->pw_gid, AT_SYMLINK_NOFOLLOW) < 0
                               ? -errno
                               : 0;
}

/* Held as long as the file may lie there: what nobody holds any more is a killed run's, and the
 * next signer removes it. Several may bring a key at a time, as the last one's counts. Return: 0,
 * -EWOULDBLOCK: a signer is removing one; -errno. */
static int hold(int dir_fd)
{
        return flock(dir_fd, LOCK_SH | LOCK_NB) < 0 ? -errno : 0;
}

static ExitStatus complain(int error, const char *name)
{
        log_error_errno(error, "Failed to leave the key in " CERTS "/%s/" FILE_NAME, name);
        return error == -EACCES || error == -EPERM ? EXIT_REFUSED : EXIT_TRY_AGAIN;
}

/* The signer removes it, if it comes so far. */
static void take_back(int dir_fd, const char *name)
{
        if (unlinkat(dir_fd, FILE_NAME, 0) < 0 && errno != ENOENT)
                log_warning_errno(-errno, "Failed to remove " CERTS "/%s/" FILE_NAME, name);
}

static ExitStatus import(const char *name, const char *text, size_t length)
{
        const struct passwd *owner = getpwnam(SIGNER_USER);
        _cleanup_free_ char *unit = unit_of("acme-import-key", name);
        _cleanup_close_ int fd = -EBADF;
        ExitStatus status;
        int r;

        if (!unit)
                return log_oom(), EXIT_BUG;
        fd = owner ? open_directory(name, owner) : -ENOENT;
        if (fd < 0)
                return complain(fd, name);
        r = hold(fd);
        if (r == 0)
                r = leave(fd, owner, text, length);
        status = r < 0 ? complain(r, name) : unit_run(unit, UNIT_TIMEOUT_USEC);
        take_back(fd, name);
        return status;
}

ExitStatus verb_import_key(int argc, char *argv[])
{
        ExitStatus status;
        char *text = NULL;
        size_t length;
        int r;

        if (argc != 3 || !certificate_name_is_valid(argv[1]))
                return verb_usage(argv[0]);
        r = read_key(argv[2], &text, &length);
        if (r < 0) {
                log_error_errno(r, "Failed to read the key %s", argv[2]);
                return EXIT_CONFIGURATION;
        }
        status = import(argv[1], text, length);
        explicit_bzero(text, length);
        free(text);
        if (status == EXIT_DONE)
                printf("%s: the key is taken over for the next certificate, which acmectl renew %s "
                       "gets\n",
                       argv[1],
                       argv[1]);
        return status;
}
