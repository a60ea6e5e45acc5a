/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A cache, and so nothing that is decided by: it is shown. */

#include "ctl/public-state.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/variant.h"

int public_state_load(const char *root, const char *name, const char *variant, State **ret)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        char file[VARIANT_FILE_MAX];
        size_t length;
        int r;

        if (asprintf(&path,
                     "%s/var/lib/acme/certs/%s/%s",
                     root,
                     name,
                     variant_file(STATE_FILE, variant, file)) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = file_read(AT_FDCWD, path, STATE_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r < 0)
                return r;
        r = state_parse(text, length, ret);
        return r > 0 ? -EBADMSG : r;
}
