/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/authorization.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(authorization_freep) Authorization *authorization = NULL;
        const char *field;

        (void) authorization_parse((const char *) data, size, &authorization, &field);
        return 0;
}
