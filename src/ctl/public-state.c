/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A cache, and so nothing that is decided by: it is shown. */

#include "ctl/public-state.h"

#include <fcntl.h>

#include "base/file.h"

int public_state_load(const char *root, const char *name, State **ret)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        size_t length;
        int r;

        if (asprintf(&path, "%s/var/lib/acme/certs/%s/" STATE_FILE, root, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = file_read(AT_FDCWD, path, STATE_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r < 0)
                return r;
        r = state_parse(text, length, ret);
        return r > 0 ? -EBADMSG : r;
}
