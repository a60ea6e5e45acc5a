/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/renewal-info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(renewal_info_freep) RenewalInfo *info = NULL;
        const char *field;

        if (renewal_info_parse((const char *) data, size, &info, &field) == 0) {
                usec_t at = renewal_window_moment(info->start_usec,
                                                  info->end_usec,
                                                  "0123456789abcdef0123");

                assert(at >= info->start_usec && at < info->end_usec);
        }
        return 0;
}
