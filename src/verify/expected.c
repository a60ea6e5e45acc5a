/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One file and one link.
 *
 * The file was mounted by PID 1 before this process began, so it is the certificate of that moment
 * for ever; the link beside it follows what goes live. Which generation the file is of is
 * asked of the kernel: the link may have been switched since, however short ago that was. */

#include "verify/expected.h"

#include <fcntl.h>

#include "base/file.h"
#include "live/live.h"
#include "verify/mount-source.h"
#include "x509/certificate.h"

#define MOUNTS "/proc/self/mountinfo"

/* The room's own mounts are a few dozen lines. */
#define MOUNTS_BYTES_MAX (1024U * 1024U)

void expected_done(Expected *expected)
{
        if (expected->second)
                expected_done(expected->second);
        free(expected->second);
        free(expected->generation);
        chain_free(expected->chain);
        free(expected->serial);
        free(expected->fingerprint);
        *expected = (Expected){};
}

/* Return: 0; -ENOENT when the file is not mounted; -errno. */
static int find_generation(const char *path, char **ret)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = file_read(AT_FDCWD, MOUNTS, MOUNTS_BYTES_MAX, 0, &text, NULL);
        if (r == 0)
                r = mount_source_directory(text, path, ret);
        return r == 0 && !*ret ? -ENOENT : r;
}

static int load(const char *path, Expected *e)
{
        _cleanup_free_ char *text = NULL;
        size_t length, at;
        int r;

        r = find_generation(path, &e->generation);
        if (r < 0)
                return r;
        r = file_read(AT_FDCWD, path, CHAIN_BYTES_MAX, 0, &text, &length);
        if (r < 0)
                return r;
        r = chain_parse(text, length, &e->chain, &at);
        if (r != 0)
                return r > 0 ? -EBADMSG : r;
        e->leaf = chain_get(e->chain, 0);
        r = certificate_get_serial(e->leaf, &e->serial);
        if (r == 0)
                r = certificate_get_fingerprint(e->leaf, &e->fingerprint);
        e->is_placeholder = certificate_is_placeholder(e->leaf);
        return r;
}

int expected_load(const char *path, Expected *ret)
{
        Expected e = {};
        int r;

        r = load(path, &e);
        if (r < 0)
                expected_done(&e);
        else
                *ret = e;
        return r;
}

int expected_load_second(const char *path, Expected *expected)
{
        Expected *second = calloc(1, sizeof(Expected));
        int r;

        if (!second)
                return -ENOMEM;
        r = expected_load(path, second);
        if (r == 0)
                expected->second = TAKE_PTR(second);
        free(second);
        return r == -ENOENT ? 0 : r;
}

int expected_is_outdated(const Expected *expected, const char *name)
{
        _cleanup_free_ char *generation = NULL;

        /* A link that cannot be read now is not a newer one. */
        return live_generation("", name, &generation) == 0 &&
               !streq(generation, expected->generation);
}
