/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the record of a challenge belongs: its name, behind CNAMEs (RFC 8555 section 8.4 has a CA
 * look it up as any other record), its zone, and that zone's servers. */

#include "publisher/dns-query.h"
#include "publisher/report.h"

/* RFC 1035 has no limit; nobody delegates further than this, and a loop ends here. */
#define PLACE_CNAMES_MAX 8U
/* RFC 1035: what fits a response; each with addresses of both families. */
#define PLACE_SERVERS_MAX 32U

typedef struct Place {
        char *name;
        char *zone;
        DnsServer servers[PLACE_SERVERS_MAX];
        size_t n_servers;
} Place;

/* What stands before the identifier: of dns-01, and of dns-persist-01. */
#define PLACE_CHALLENGE "_acme-challenge."
#define PLACE_PERSISTENT "_validation-persist."

/* identifier: without "*.". Return: 0; PUBLISH_E_FAILED, which has been reported; -errno. */
int place_find(const char *label, const char *identifier, Place *ret);
/* The name alone, behind its CNAMEs. */
int place_find_name(const char *label, const char *identifier, char **ret);
/* The servers, name and zone being known. */
int place_find_servers(Place *place);
void place_done(Place *place);
