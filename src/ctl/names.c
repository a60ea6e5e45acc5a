/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A directory entry is a name when the grammar says so, and nothing otherwise. */

#include "ctl/names.h"

#include <dirent.h>

#include "base/name.h"

static inline void dir_closep(DIR **d)
{
        if (*d)
                closedir(*d);
}

/* "NAME.conf" and "NAME.conf.d" with the suffix ".conf", "NAME" with none. Return: 0, -ENOMEM. */
static int add_name(char ***list, const char *entry, const char *suffix)
{
        char name[CERTIFICATE_NAME_MAX + 1];
        const char *end = entry + strlen(entry);

        if (*suffix) {
                end = strstr(entry, suffix);
                if (!end || (!streq(end, suffix) && !streq(end + strlen(suffix), ".d")))
                        return 0;
        }
        if ((size_t) (end - entry) > CERTIFICATE_NAME_MAX)
                return 0;
        (void) snprintf(name, sizeof(name), "%.*s", (int) (end - entry), entry);
        return certificate_name_is_valid(name) ? strv_append(list, name) : 0;
}

/* Return: 0, also when there is no such directory; -errno. */
static int add_directory(char ***list, const char *root, const char *directory, const char *suffix)
{
        _cleanup_(dir_closep) DIR *d = NULL;
        _cleanup_free_ char *path = NULL;
        const struct dirent *entry;
        int r = 0;

        if (asprintf(&path, "%s%s", root, directory) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        d = opendir(path);
        if (!d)
                return errno == ENOENT ? 0 : -errno;
        errno = 0;
        while (r == 0 && (entry = readdir(d)))
                r = add_name(list, entry->d_name, suffix);
        return r < 0 ? r : -errno;
}

int names_list(const char *root, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;
        int r;

        r = add_directory(&list, root, "/etc/acme/certs", ".conf");
        if (r == 0)
                r = add_directory(&list, root, "/var/lib/acme/certs", "");
        if (r < 0)
                return r;
        strv_sort_unique(list);
        *ret = TAKE_PTR(list);
        return 0;
}
