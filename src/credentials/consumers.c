/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration, asked the other way round. It is root's, and read anew for every start of a
 * unit, so that a line that was added a moment ago counts.
 *
 * Invariant: one certificate's broken file keeps nobody from another's; it is told, in case that it
 * is the one that was meant. */

#include <dirent.h>

#include "base/name.h"
#include "config/config.h"
#include "config/unit-name.h"
#include "credentials/consumers.h"
#include "version.h"

#define DIRECTORY SYSCONFDIR "/certs"

void consumers_done(Consumers *consumers)
{
        strv_free(consumers->names);
        strv_free(consumers->listing);
        strv_free(consumers->problems);
}

static void dir_closep(DIR **d)
{
        if (*d)
                closedir(*d);
}

/* NAME of "NAME.conf" and "NAME.conf.d". Return: 1; 0 when it is none; -ENOMEM. */
static int take_name(const char *file, char ***names)
{
        _cleanup_free_ char *name = NULL;
        const char *end = strrchr(file, '.');

        if (end && streq(end, ".d"))
                end -= strlen(".conf");
        if (!end || end <= file || (!streq(end, ".conf") && !streq(end, ".conf.d")))
                return 0;
        name = strndup(file, (size_t) (end - file));
        if (!name)
                return -ENOMEM;
        if (!certificate_name_is_valid(name))
                return 0;
        return strv_append(names, name) < 0 ? -ENOMEM : 1;
}

static int list_names(const char *root, char ***names)
{
        _cleanup_(dir_closep) DIR *dir = NULL;
        _cleanup_free_ char *path = NULL;
        unsigned n = 0;

        if (asprintf(&path, "%s" DIRECTORY, root) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        dir = opendir(path);
        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(dir);
                if (!entry)
                        break;
                r = take_name(entry->d_name, names);
                if (r < 0)
                        return r;
                n += (unsigned) r;
                /* A file and a directory for each. */
                if (n > 2 * CONSUMERS_NAMES_MAX)
                        return -E2BIG;
        }
        if (errno > 0)
                return -errno;
        strv_sort_unique(*names);
        return strv_length(*names) > CONSUMERS_NAMES_MAX ? -E2BIG : 0;
}

/* Return: 0, -ENOMEM. */
static int look_at(const char *root, const char *name, const char *unit, Consumers *consumers)
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        r = config_load(name, root, &config, &error);
        if (r < 0)
                return r;
        if (r > 0)
                return strv_append(&consumers->problems, error.message);
        STRV_FOREACH (entry, config->consumers) {
                if (unit_name_matches(*entry, unit))
                        return strv_append(&consumers->listing, name);
        }
        return 0;
}

int consumers_find(const char *root, const char *unit, const char *name, Consumers *ret)
{
        size_t n;
        int r;

        *ret = (Consumers){};
        r = *name ? strv_append(&ret->names, name) : list_names(root, &ret->names);
        if (r < 0)
                return r;
        STRV_FOREACH (candidate, ret->names) {
                r = look_at(root, *candidate, unit, ret);
                if (r < 0)
                        return r;
        }
        n = strv_length(ret->listing);
        return n == 0 ? CONSUMERS_E_NOT_LISTED : n == 1 ? 0 : CONSUMERS_E_SEVERAL;
}
