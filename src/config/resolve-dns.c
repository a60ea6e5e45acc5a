/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who proves names by DNS needs somebody who publishes. Whether that works is seen when it is
 * tried; whether it is said at all, here. */

#include "config/command-line.h"
#include "config/error.h"
#include "config/resolve.h"
#include "version.h"

void dns_publisher_free(DnsPublisher *publisher)
{
        if (!publisher)
                return;
        free(publisher->name);
        free(publisher->server);
        free(publisher->zone);
        free(publisher->key);
        strv_free(publisher->program);
        strv_free(publisher->credentials);
        free(publisher);
}

static int take(const Value *value, char **field)
{
        return value->n_words > 0 ? free_and_strdup(field, value->words[0].text) : 0;
}

/* Exactly one of the two ways. */
static int check(const DnsPublisher *p, const char *file, ConfigError *ret_error)
{
        if (p->program && (p->key || p->server || p->zone))
                return config_error_set(ret_error,
                                        file,
                                        0,
                                        "Program",
                                        "Program= stands beside Server=, Zone= or Key=, which are "
                                        "for dynamic updates. Take one of the two away");
        if (!p->program && !p->key)
                return config_error_set(ret_error,
                                        file,
                                        0,
                                        "Key",
                                        "The section [DNS] has neither Key=, the TSIG key for "
                                        "dynamic updates, nor Program=. See acme-dns-publish(8)");
        return 0;
}

int resolve_dns(const Values *values, const char *dns_file, Config *config, ConfigError *ret_error)
{
        const Value *section = values->values[SECTION_DNS];
        const ValueWord *name = resolve_dns_publisher(values);
        const Value *program = &section[DNS_PROGRAM];
        DnsPublisher *p;
        const char *reason;
        int r;

        if (!name)
                return 0;
        p = config->dns = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        r = free_and_strdup(&p->name, name->text);
        if (r >= 0)
                r = take(&section[DNS_SERVER], &p->server);
        if (r >= 0)
                r = take(&section[DNS_ZONE], &p->zone);
        if (r >= 0)
                r = take(&section[DNS_KEY], &p->key);
        if (r >= 0)
                r = resolve_words(&section[DNS_CREDENTIALS], &p->credentials);
        /* The table has checked it. */
        if (r >= 0 && program->n_words > 0)
                r = command_line_split(program->words[0].text, &p->program, &reason);
        if (r < 0)
                return r;
        if (streq(section[DNS_CONVENTION].words[0].text, "dehydrated"))
                p->convention = DNS_DEHYDRATED;
        else if (streq(section[DNS_CONVENTION].words[0].text, "lego"))
                p->convention = DNS_LEGO;
        p->propagation_sec = (unsigned) strtoul(section[DNS_PROPAGATION].words[0].text, NULL, 10);
        return check(p, dns_file, ret_error);
}

int resolve_dns_require(const Config *config, const ValueWord *challenge, ConfigError *ret_error)
{
        FOREACH_ARRAY (type, config->challenges, config->n_challenges)
                if (*type == CHALLENGE_TYPE_DNS01 && !config->dns)
                        return config_error_set(ret_error,
                                                challenge->file,
                                                challenge->line,
                                                "Challenge",
                                                "Challenge=dns-01 needs DNSPublisher=, the name of "
                                                "a file in " SYSCONFDIR
                                                "/dns.d that says how records get into the zone. "
                                                "See acme-dns-publish(8)");
        return 0;
}
