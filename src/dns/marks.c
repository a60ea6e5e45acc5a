/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dns/marks.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "acme/identifier.h"
#include "base/base64url.h"
#include "base/file.h"
#include "base/log.h"
#include "dns/records.h"

static void dir_closep(DIR **d)
{
        if (*d)
                closedir(*d);
}

int marks_open(const char *path, const char *name, bool may_wait)
{
        _cleanup_close_ int all = -EBADF, fd = -EBADF;

        all = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (all < 0 || (mkdirat(all, name, 0700) < 0 && errno != EEXIST))
                return -errno;
        fd = openat(all, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || flock(fd, may_wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int read_mark(int fd, const char *value, char **ret)
{
        _cleanup_free_ char *identifier = NULL;
        int r;

        r = file_read(fd, value, ACME_IDENTIFIER_MAX, O_NOFOLLOW, &identifier, NULL);
        if (r < 0)
                return r;
        if (!acme_dns_name_is_valid(identifier))
                return -EBADMSG;
        *ret = TAKE_PTR(identifier);
        return 0;
}

int marks_add(int fd, const char *identifier, const char *value)
{
        _cleanup_free_ char *present = NULL;
        int r;

        r = read_mark(fd, value, &present);
        if (r == 0)
                return streq(present, identifier) ? 0 : -EEXIST;
        /* One that a power cut has left half is made anew. */
        return file_replace(fd, value, identifier, strlen(identifier), 0600);
}

int marks_remove(int fd, const char *value)
{
        if (unlinkat(fd, value, 0) < 0 && errno != ENOENT)
                return -errno;
        return file_sync_directory(fd);
}

/* What is no mark is no record either: the leftover of a write that was cut short. */
static int take(int fd, const char *value, char ***identifiers, char ***values)
{
        _cleanup_free_ char *identifier = NULL;
        int r;

        r = base64url_is_valid(value, RECORD_VALUE_BYTES, RECORD_VALUE_BYTES)
                            ? read_mark(fd, value, &identifier)
                            : -EBADMSG;
        if (r == -EBADMSG)
                return unlinkat(fd, value, 0) < 0 ? -errno : 0;
        if (r == 0)
                r = strv_append(identifiers, identifier);
        return r == 0 ? strv_append(values, value) : r;
}

int marks_list(int fd, char ***ret_identifiers, char ***ret_values)
{
        _cleanup_strv_free_ char **identifiers = NULL, **values = NULL;
        _cleanup_(dir_closep) DIR *d = NULL;
        int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

        if (copy < 0)
                return -errno;
        d = fdopendir(copy);
        if (!d) {
                close(copy);
                return -ENOMEM;
        }
        for (const struct dirent *entry; r == 0 && (entry = readdir(d));)
                if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
                        r = take(fd, entry->d_name, &identifiers, &values);
        if (r < 0)
                return r;
        *ret_identifiers = TAKE_PTR(identifiers);
        *ret_values = TAKE_PTR(values);
        return 0;
}
