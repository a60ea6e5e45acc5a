/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose is what of an endpoint. */

#include "verify/endpoint.h"

void finding_done(Finding *finding)
{
        free(finding->serial);
        *finding = (Finding){};
}

void endpoint_done(Endpoint *endpoint)
{
        free(endpoint->unit);
        free(endpoint->host);
        free(endpoint->sni);
        free(endpoint->text);
        finding_done(&endpoint->finding);
        *endpoint = (Endpoint){};
}
