/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One rule for the store, the state and every file that is deployed. HAProxy has a rule of its own,
 * site.pem.rsa, which it looks at where there is no site.pem; since 2.3 it needs none, and takes
 * both files from a directory, or one after the other. */

#include "base/variant.h"

/* Where the variant goes: before the last extension. A dot at the beginning of a name makes it
 * hidden and begins no extension. */
static size_t place(const char *path)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        const char *dot = strrchr(name, '.');

        return dot && dot > name ? (size_t) (dot - path) : strlen(path);
}

const char *
variant_file(const char *file, const char *variant, char buffer[static VARIANT_FILE_MAX])
{
        size_t n = place(file);
        int length;

        if (variant)
                length = snprintf(buffer,
                                  VARIANT_FILE_MAX,
                                  "%.*s.%s%s",
                                  (int) n,
                                  file,
                                  variant,
                                  file + n);
        else
                length = snprintf(buffer, VARIANT_FILE_MAX, "%s", file);
        assert(length > 0 && (size_t) length < VARIANT_FILE_MAX);
        return buffer;
}

int variant_path(const char *path, const char *variant, char **ret)
{
        size_t n = place(path);
        char *text;

        if (!variant)
                text = strdup(path);
        else if (asprintf(&text, "%.*s.%s%s", (int) n, path, variant, path + n) < 0)
                text = NULL;
        if (!text)
                return -ENOMEM;
        *ret = text;
        return 0;
}
