/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libresolv's parser, which checks every length, and the grammar of names on top of it: what a
 * server says becomes an argument of programs and a line in the journal. */

#include "publisher/dns-message.h"

#include <resolv.h>
#include <strings.h>

#include "acme/identifier.h"

/* Of one section; more is not looked at. */
#define RECORDS_MAX 128

int dns_message_parse(DnsMessage *message)
{
        return ns_initparse(message->data, (int) message->length, &message->parsed) < 0 ? -EBADMSG
                                                                                        : 0;
}

int dns_message_code(const DnsMessage *message)
{
        return (int) ns_msg_getflag(message->parsed, ns_f_rcode);
}

bool dns_message_is_truncated(const DnsMessage *message)
{
        return ns_msg_getflag(message->parsed, ns_f_tc);
}

/* ret: a copy in lower case. Return: 0; -EBADMSG for what is no name of ours; -ENOMEM. */
static int take_name(const char *name, char **ret)
{
        char *copy;

        if (!acme_dns_name_is_valid(name))
                return -EBADMSG;
        copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        for (char *p = copy; *p; p++)
                if (*p >= 'A' && *p <= 'Z')
                        *p = (char) (*p - 'A' + 'a');
        *ret = copy;
        return 0;
}

/* A record's data that is a domain name. */
static int read_target(const DnsMessage *message, ns_rr rr, char **ret)
{
        char name[NS_MAXDNAME];

        if (dn_expand(message->data,
                      message->data + message->length,
                      ns_rr_rdata(rr),
                      name,
                      sizeof(name)) < 0)
                return -EBADMSG;
        return take_name(name, ret);
}

/* The next record of this type. Return: 1; 0 there is no more; -EBADMSG. */
static int next(DnsMessage *message, ns_sect section, ns_type type, int *i, ns_rr *ret)
{
        int n = MIN((int) ns_msg_count(message->parsed, section), RECORDS_MAX);

        for (; *i < n; ++*i) {
                if (ns_parserr(&message->parsed, section, *i, ret) < 0)
                        return -EBADMSG;
                if (ns_rr_type(*ret) != type || ns_rr_class(*ret) != ns_c_in)
                        continue;
                ++*i;
                return 1;
        }
        return 0;
}

int dns_message_cname(DnsMessage *message, const char *name, char **ret)
{
        ns_rr rr;
        int i = 0, r;

        while ((r = next(message, ns_s_an, ns_t_cname, &i, &rr)) > 0)
                if (strcasecmp(ns_rr_name(rr), name) == 0) {
                        r = read_target(message, rr, ret);
                        return r < 0 ? r : 1;
                }
        return r;
}

/* Is name zone, or in it? */
static bool is_in(const char *name, const char *zone)
{
        size_t n = strlen(name), m = strlen(zone);

        return n >= m && strcasecmp(name + n - m, zone) == 0 && (n == m || name[n - m - 1] == '.');
}

int dns_message_zone(DnsMessage *message, const char *name, char **ret)
{
        static const ns_sect where[] = {ns_s_an, ns_s_ns};

        FOREACH_ARRAY (section, where, ELEMENTSOF(where)) {
                ns_rr rr;
                int i = 0, r;

                while ((r = next(message, *section, ns_t_soa, &i, &rr)) > 0)
                        if (is_in(name, ns_rr_name(rr))) {
                                r = take_name(ns_rr_name(rr), ret);
                                return r < 0 ? r : 1;
                        }
                if (r < 0)
                        return r;
        }
        return 0;
}

int dns_message_servers(DnsMessage *message, const char *zone, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;
        ns_rr rr;
        int i = 0, r;

        while ((r = next(message, ns_s_an, ns_t_ns, &i, &rr)) > 0) {
                _cleanup_free_ char *name = NULL;

                if (strcasecmp(ns_rr_name(rr), zone) != 0)
                        continue;
                r = read_target(message, rr, &name);
                if (r == 0)
                        r = strv_append(&list, name);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        strv_sort_unique(list);
        *ret = TAKE_PTR(list);
        return 0;
}

/* RFC 1035 section 3.3.14: strings with their lengths before them, read as one (RFC 8555 section
 * 8.4 has values that need no second). */
static bool text_is(ns_rr rr, const char *value)
{
        const unsigned char *p = ns_rr_rdata(rr), *end = p + ns_rr_rdlen(rr);
        size_t left = strlen(value);

        while (p < end) {
                size_t n = *p++;

                /* A string of a stranger's may have any byte in it, a NUL as well. */
                if (n > (size_t) (end - p) || n > left || memcmp(p, value, n) != 0)
                        return false;
                p += n;
                value += n;
                left -= n;
        }
        return left == 0;
}

int dns_message_has_text(DnsMessage *message, const char *name, const char *value)
{
        ns_rr rr;
        int i = 0, r;

        while ((r = next(message, ns_s_an, ns_t_txt, &i, &rr)) > 0)
                if (strcasecmp(ns_rr_name(rr), name) == 0 && text_is(rr, value))
                        return 1;
        return r;
}

/* Its strings as one. Return: is it a text? */
static bool read_text(ns_rr rr, char text[static DNS_TEXT_MAX + 1])
{
        const unsigned char *p = ns_rr_rdata(rr), *end = p + ns_rr_rdlen(rr);
        size_t length = 0;

        while (p < end) {
                size_t n = *p++;

                if (n > (size_t) (end - p) || n > DNS_TEXT_MAX - length || memchr(p, 0, n))
                        return false;
                memcpy(text + length, p, n);
                length += n;
                p += n;
        }
        text[length] = 0;
        return true;
}

int dns_message_find_text(DnsMessage *message,
                          const char *name,
                          DnsTextTest test,
                          const void *userdata)
{
        char text[DNS_TEXT_MAX + 1];
        ns_rr rr;
        int i = 0, r;

        while ((r = next(message, ns_s_an, ns_t_txt, &i, &rr)) > 0)
                if (strcasecmp(ns_rr_name(rr), name) == 0 && read_text(rr, text) &&
                    test(text, userdata))
                        return 1;
        return r;
}
