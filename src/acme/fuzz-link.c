/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = strndup((const char *) data, size), *target = NULL;

        if (text && link_find(text, "terms-of-service", &target) == 0)
                for (const char *p = target; *p; p++)
                        assert(*p > ' ' && *p <= '~');
        return 0;
}
