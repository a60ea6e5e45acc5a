/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An origin is a URL with the same origin. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = strndup((const char *) data, size), *origin = NULL;

        if (text && acme_url_origin(text, &origin) == 0)
                assert(acme_url_has_origin(origin, (char *[]){origin, NULL}));
        return 0;
}
