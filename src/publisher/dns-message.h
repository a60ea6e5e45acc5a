/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Answers of DNS servers (RFC 1035), taken apart. Every name that comes out has
 * acme_dns_name_is_valid()'s alphabet, in lower case, without a final dot. */

#include "base/strv.h"

/* Behind ours: it has a MIN and a MAX of its own. */
#include <arpa/nameser.h>

/* RFC 6891 section 6.2.5 has 4096 bytes for UDP; what needs more is no set of challenges. */
#define DNS_MESSAGE_MAX 16384U

typedef struct DnsMessage {
        unsigned char data[DNS_MESSAGE_MAX];
        size_t length;
        ns_msg parsed;
} DnsMessage;

/* Looks at data. Return: 0; -EBADMSG. */
int dns_message_parse(DnsMessage *message);
/* The RCODE: ns_r_noerror, ns_r_nxdomain, … */
int dns_message_code(const DnsMessage *message);
bool dns_message_is_truncated(const DnsMessage *message);

/* The target of name's CNAME. Return: 1; 0 there is none; -EBADMSG; -ENOMEM. */
int dns_message_cname(DnsMessage *message, const char *name, char **ret);

/* The owner of an SOA in the answer or beside a negative one (RFC 2308 section 3), which is the
 * zone that name is in. Return: as above. */
int dns_message_zone(DnsMessage *message, const char *name, char **ret);

/* The NS records of zone. Return: 0; -EBADMSG; -ENOMEM. */
int dns_message_servers(DnsMessage *message, const char *zone, char ***ret);

/* Is value one of name's TXT records? Return: 1, 0; -EBADMSG. */
int dns_message_has_text(DnsMessage *message, const char *name, const char *value);

/* Does one of name's TXT records pass the test? Those with a NUL, or longer than DNS_TEXT_MAX, are
 * passed over. Return: as above. */
#define DNS_TEXT_MAX 1024U
typedef bool (*DnsTextTest)(const char *text, const void *userdata);
int dns_message_find_text(DnsMessage *message,
                          const char *name,
                          DnsTextTest test,
                          const void *userdata);
