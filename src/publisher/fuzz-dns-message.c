/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An answer of any bytes: what comes out has the alphabet of names. */

#include "acme/identifier.h"
#include "publisher/dns-message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *name)
{
        if (!acme_dns_name_is_valid(name))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ DnsMessage *m = calloc(1, sizeof(*m));
        _cleanup_free_ char *cname = NULL, *zone = NULL;
        _cleanup_strv_free_ char **servers = NULL;

        if (!m || size > sizeof(m->data))
                return 0;
        memcpy(m->data, data, size);
        m->length = size;
        if (dns_message_parse(m) < 0)
                return 0;
        if (dns_message_cname(m, "a.example", &cname) == 1)
                check(cname);
        if (dns_message_zone(m, "a.example", &zone) == 1)
                check(zone);
        if (dns_message_servers(m, "example", &servers) == 0)
                STRV_FOREACH (server, servers)
                        check(*server);
        (void) dns_message_has_text(m, "a.example", "abc");
        return 0;
}
