/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* dns.d/NAME.conf: how records get into a zone. */

#include "base/strv.h"

#define DNS_CREDENTIALS_MAX 8U
/* A renewal has ten minutes. */
#define DNS_PROPAGATION_SEC_MAX 480U

/* The arguments that a program of the administrator's is given. */
typedef enum DnsConvention {
        DNS_PLAIN,      /* present|cleanup NAME VALUE */
        DNS_DEHYDRATED, /* deploy_challenge|clean_challenge DOMAIN - VALUE */
        DNS_LEGO,       /* present|cleanup NAME. VALUE */
} DnsConvention;

typedef struct DnsPublisher {
        char *name;         /* of its file, without .conf */
        char *server;       /* HOST:PORT; NULL: the zone's primary, by its SOA */
        char *zone;         /* NULL: found by its SOA */
        char *key;          /* where the TSIG key is; NULL: there is a program */
        char **program;     /* NULL: RFC 2136 */
        char **credentials; /* of the program, ID:PATH */
        DnsConvention convention;
        unsigned propagation_sec; /* how long the zone's servers are waited for */
} DnsPublisher;

void dns_publisher_free(DnsPublisher *publisher);
