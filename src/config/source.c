/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Root owns the files; that does not make them well. Each thing that can be wrong with a file as
 * such is told in one sentence, and none of them is taken for "there is no such file": a
 * configuration that cannot be read must not become the default one. */

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "config/error.h"
#include "config/source.h"

#define SUFFIX ".conf"

static void dir_closep(DIR **directory)
{
        if (*directory)
                closedir(*directory);
}

/* "Is a directory", "is no regular file", "has NUL bytes": file_read() calls them all -EBADMSG. */
static const char *content_problem(const char *path)
{
        struct stat st;

        if (stat(path, &st) < 0 || S_ISREG(st.st_mode))
                return "it has NUL bytes, so it is no text";
        return S_ISDIR(st.st_mode) ? "it is a directory; a text file is wanted"
                                   : "it is no regular file; a text file is wanted";
}

static int fail(ConfigError *error, const char *path, int code)
{
        static const char format[] = "The configuration cannot be read: %s";

        switch (code) {
        case -EBADMSG:
                return config_error_set(error, path, 0, NULL, format, content_problem(path));
        case -EFBIG:
                return config_error_set(error, path, 0, NULL, format, "it is larger than 1 MiB");
        case -E2BIG:
                return config_error_set(error, path, 0, NULL, format, "it has more than 256 files");
        case -EACCES:
        case -EPERM:
                return config_error_set(error,
                                        path,
                                        0,
                                        NULL,
                                        "The configuration cannot be read: permission denied. It "
                                        "holds no secret: "
                                        "make it readable for everybody with chmod a+rX");
        default:
                return config_error_set(error, path, 0, NULL, format, strerror(-code));
        }
}

/* A link that leads nowhere is not the same as no file. */
static bool is_link(const char *path)
{
        struct stat st;

        return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

int source_read(Values *values, ConfigFile kind, const char *path, ConfigError *ret_error)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        r = file_read(AT_FDCWD, path, CONFIG_FILE_BYTES_MAX, 0, &text, &length);
        if (r == -ENOENT && is_link(path))
                return config_error_set(ret_error,
                                        path,
                                        0,
                                        NULL,
                                        "The configuration cannot be read: it is a symbolic link "
                                        "to a file that does "
                                        "not exist");
        if (r == -ENOENT)
                return SOURCE_E_MISSING;
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return fail(ret_error, path, r);
        return values_read(values, kind, path, text, length, ret_error);
}

static bool has_suffix(const char *name)
{
        size_t n = strlen(name);

        return name[0] != '.' && n > strlen(SUFFIX) && streq(name + n - strlen(SUFFIX), SUFFIX);
}

int source_list(const char *directory, char ***list)
{
        _cleanup_(dir_closep) DIR *d = opendir(directory);
        const struct dirent *entry;
        unsigned n = 0;
        int r;

        if (!d)
                return errno == ENOENT ? 0 : -errno;
        while (errno = 0, (entry = readdir(d))) {
                if (!has_suffix(entry->d_name))
                        continue;
                if (n++ == SOURCE_DROPINS_MAX)
                        return -E2BIG;
                r = strv_append(list, entry->d_name);
                if (r < 0)
                        return r;
        }
        if (errno != 0)
                return -errno;
        strv_sort_unique(*list);
        return 0;
}

int source_read_with_dropins(Values *values,
                             ConfigFile kind,
                             const char *path,
                             ConfigError *ret_error)
{
        _cleanup_free_ char *directory = NULL;
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = source_read(values, kind, path, ret_error);
        if (r != 0 && r != SOURCE_E_MISSING)
                return r;
        if (asprintf(&directory, "%s.d", path) < 0) {
                directory = NULL;
                return -ENOMEM;
        }
        r = source_list(directory, &names);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return fail(ret_error, directory, r);
        STRV_FOREACH (name, names) {
                _cleanup_free_ char *file = NULL;

                if (asprintf(&file, "%s/%s", directory, *name) < 0) {
                        file = NULL;
                        return -ENOMEM;
                }
                r = source_read(values, kind, file, ret_error);
                if (r != 0 && r != SOURCE_E_MISSING)
                        return r;
        }
        return 0;
}
