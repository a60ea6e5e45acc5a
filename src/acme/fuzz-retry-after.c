/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/retry-after.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = strndup((const char *) data, size);
        char *date = text ? strchr(text, '\n') : NULL;
        usec_t span_usec;

        if (date)
                *date++ = '\0';
        if (text && retry_after_parse(text, date, 1700000000 * USEC_PER_SEC, &span_usec) == 0)
                assert(span_usec <= RETRY_AFTER_MAX_USEC);
        return 0;
}
