/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/unit-name.h"
#include "credentials/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes are those of sun_path. What is taken keeps the promises of request.h. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        Request request;
        int r;

        if (size > sizeof(address.sun_path))
                return 0;
        if (size > 0)
                memcpy(address.sun_path, data, size);
        r = request_parse(&address,
                          (socklen_t) (offsetof(struct sockaddr_un, sun_path) + size),
                          &request);
        if (r == REQUEST_E_ADDRESS)
                return 0;
        assert(unit_name_is_valid(request.unit));
        assert(strlen(request.id) < sizeof(request.id));
        if (r != 0)
                return 0;
        assert(request.credential < CREDENTIAL_MAX);
        assert(!*request.name || certificate_name_is_valid(request.name));
        assert(!strchr(request.id, '/'));
        return 0;
}
