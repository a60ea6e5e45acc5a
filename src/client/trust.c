/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Chooses where the trusted certificates come from. Verification is never less than what libcurl
 * would do by itself: all that changes is how the same certificates are found. */

#include "client/trust.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/file.h"

/* "5ad8a5d6.0", as openssl-rehash(1) makes them. */
static bool is_hash_link(const char *name)
{
        return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && name[9] >= '0' &&
               name[9] <= '9';
}

static bool has_hash_links(const char *path)
{
        struct dirent *entry;
        bool found = false;
        DIR *dir;

        dir = opendir(path);
        if (!dir)
                return false;
        while (!found && (entry = readdir(dir)))
                found = is_hash_link(entry->d_name);
        (void) closedir(dir);
        return found;
}

static int join_files(const char *system, const char *extra, Trust *ret)
{
        _cleanup_free_ char *a = NULL, *b = NULL;
        size_t a_length = 0, b_length = 0;
        int n, r;

        if (system) {
                r = file_read(AT_FDCWD, system, TRUST_BYTES_MAX, 0, &a, &a_length);
                if (r < 0)
                        return r;
        }
        r = file_read(AT_FDCWD, extra, TRUST_BYTES_MAX, 0, &b, &b_length);
        if (r < 0)
                return r;
        n = asprintf(&ret->bundle, "%s\n%s", a ? a : "", b);
        if (n < 0) {
                ret->bundle = NULL;
                return -ENOMEM;
        }
        ret->bundle_length = (size_t) n;
        return 0;
}

int trust_find(const CurlLibrary *curl, const char *extra, Trust *ret)
{
        const curl_version_info_data *info = curl->version_info(CURLVERSION_NOW);

        *ret = (Trust){};
        if (extra && access(extra, R_OK) < 0)
                return -errno;
        if (info->capath && has_hash_links(info->capath)) {
                ret->directory = info->capath;
                return free_and_strdup(&ret->file, extra);
        }
        return extra ? join_files(info->cainfo, extra, ret) : 0;
}

void trust_done(Trust *trust)
{
        free(trust->file);
        free(trust->bundle);
        *trust = (Trust){};
}
