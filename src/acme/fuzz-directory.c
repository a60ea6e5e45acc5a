/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(directory_freep) Directory *directory = NULL;
        const char *field;

        (void) directory_parse((const char *) data, size, &directory, &field);
        return 0;
}
