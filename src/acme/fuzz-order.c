/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(order_freep) Order *order = NULL;
        const char *field;

        (void) order_parse((const char *) data, size, &order, &field);
        return 0;
}
