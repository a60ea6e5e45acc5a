/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/retry-after.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = strndup((const char *) data, size);
        usec_t span_usec;

        if (text && retry_after_parse(text, 1700000000 * USEC_PER_SEC, &span_usec) == 0)
                assert(span_usec <= RETRY_AFTER_MAX_USEC);
        return 0;
}
