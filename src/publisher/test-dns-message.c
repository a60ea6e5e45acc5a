/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers made byte by byte. */

#include "base/test.h"
#include "publisher/dns-message.h"

static void put_byte(DnsMessage *m, unsigned value)
{
        m->data[m->length++] = (unsigned char) value;
}

static void put_short(DnsMessage *m, unsigned value)
{
        put_byte(m, value >> 8);
        put_byte(m, value & 0xff);
}

/* Without compression. */
static void put_name(DnsMessage *m, const char *name)
{
        while (*name) {
                size_t n = strcspn(name, ".");

                put_byte(m, (unsigned) n);
                while (n-- > 0)
                        put_byte(m, (unsigned char) *name++);
                name += *name == '.';
        }
        put_byte(m, 0);
}

/* RFC 1035 section 4.1.1: without a question. */
static void begin(DnsMessage *m, unsigned flags, unsigned n_answers, unsigned n_authorities)
{
        m->length = 0;
        put_short(m, 0x1234);
        put_short(m, 0x8000 | flags);
        put_short(m, 0);
        put_short(m, n_answers);
        put_short(m, n_authorities);
        put_short(m, 0);
}

/* Return: where the length of its data is to be written. */
static size_t begin_record(DnsMessage *m, const char *owner, unsigned type)
{
        put_name(m, owner);
        put_short(m, type);
        put_short(m, 1);
        put_short(m, 0);
        put_short(m, 60);
        put_short(m, 0);
        return m->length - 2;
}

static void end_record(DnsMessage *m, size_t at)
{
        size_t n = m->length - at - 2;

        m->data[at] = (unsigned char) (n >> 8);
        m->data[at + 1] = (unsigned char) n;
}

static void put_target(DnsMessage *m, const char *owner, unsigned type, const char *target)
{
        size_t at = begin_record(m, owner, type);

        put_name(m, target);
        end_record(m, at);
}

/* strings: parted by '|'. */
static void put_text(DnsMessage *m, const char *owner, const char *strings)
{
        size_t at = begin_record(m, owner, ns_t_txt);

        for (const char *p = strings;; p++) {
                size_t n = strcspn(p, "|");

                put_byte(m, (unsigned) n);
                while (n-- > 0)
                        put_byte(m, (unsigned char) *p++);
                if (!*p)
                        break;
        }
        end_record(m, at);
}

static void test_has_text__table(void **state _unused_)
{
        static const struct {
                const char *strings, *value;
                int expected;
        } rows[] = {
                        {"abc", "abc", 1},
                        {"a|bc", "abc", 1},
                        {"|abc|", "abc", 1},
                        {"ab", "abc", 0},
                        {"abcd", "abc", 0},
                        {"abc|d", "abc", 0},
                        {"ABC", "abc", 0},
                        {"", "abc", 0},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                DnsMessage m;

                begin(&m, 0, 2, 0);
                put_text(&m, "a.example", "other");
                put_text(&m, "A.Example", row->strings);
                assert_int_equal(dns_message_parse(&m), 0);
                assert_row(row->strings,
                           dns_message_has_text(&m, "a.example", row->value) == row->expected);
                assert_int_equal(dns_message_has_text(&m, "b.example", row->value), 0);
        }
}

/* What a string has behind a NUL is not compared with what lies behind the value. */
static void test_has_text__nul_in_string(void **state _unused_)
{
        _cleanup_free_ char *value = strdup("abc");
        DnsMessage m;
        size_t at;

        assert_non_null(value);
        begin(&m, 0, 1, 0);
        at = begin_record(&m, "a.example", ns_t_txt);
        put_byte(&m, 64);
        for (size_t i = 0; i < 64; i++)
                put_byte(&m, i < strlen(value) ? (unsigned) value[i] : 0);
        end_record(&m, at);
        assert_int_equal(dns_message_parse(&m), 0);
        assert_int_equal(dns_message_has_text(&m, "a.example", value), 0);
}

static void test_cname__grammar(void **state _unused_)
{
        _cleanup_free_ char *name = NULL;
        DnsMessage m;

        begin(&m, 0, 2, 0);
        put_target(&m, "b.example", ns_t_cname, "not.this");
        put_target(&m, "a.example", ns_t_cname, "_Acme.Other.Test");
        assert_int_equal(dns_message_parse(&m), 0);
        assert_int_equal(dns_message_cname(&m, "a.example", &name), 1);
        assert_string_equal(name, "_acme.other.test");
        assert_int_equal(dns_message_cname(&m, "c.example", &name), 0);
        /* What would be a line of its own for nsupdate, or an option of a program. */
        begin(&m, 0, 1, 0);
        put_target(&m, "a.example", ns_t_cname, "x\nserver evil");
        assert_int_equal(dns_message_parse(&m), 0);
        assert_int_equal(dns_message_cname(&m, "a.example", &name), -EBADMSG);
}

static void test_zone__beside_a_negative_answer(void **state _unused_)
{
        static const struct {
                const char *owner;
                int expected;
        } rows[] = {
                        {"example", 1},
                        {"a.example", 1},
                        {"x.a.example", 0},
                        {"ample", 0},
                        {"other", 0},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *zone = NULL;
                DnsMessage m;

                begin(&m, ns_r_nxdomain, 0, 1);
                put_target(&m, row->owner, ns_t_soa, "ns.example");
                assert_int_equal(dns_message_parse(&m), 0);
                assert_int_equal(dns_message_code(&m), ns_r_nxdomain);
                assert_row(row->owner, dns_message_zone(&m, "a.example", &zone) == row->expected);
                assert_row(row->owner, !row->expected || streq(zone, row->owner));
        }
}

static void test_servers__of_this_zone(void **state _unused_)
{
        _cleanup_strv_free_ char **list = NULL;
        DnsMessage m;

        begin(&m, 0, 3, 0);
        put_target(&m, "example", ns_t_ns, "ns2.example");
        put_target(&m, "other", ns_t_ns, "ns.other");
        put_target(&m, "example", ns_t_ns, "NS1.example");
        assert_int_equal(dns_message_parse(&m), 0);
        assert_int_equal(dns_message_servers(&m, "example", &list), 0);
        assert_int_equal(strv_length(list), 2);
        assert_string_equal(list[0], "ns1.example");
}

/* However short an answer is, nothing is read behind its end. */
static void test_parse__cut_short(void **state _unused_)
{
        DnsMessage whole;

        begin(&whole, 0, 1, 0);
        put_text(&whole, "a.example", "abc");
        for (size_t n = 0; n < whole.length; n++) {
                DnsMessage m = whole;

                m.length = n;
                assert_true(dns_message_parse(&m) < 0 ||
                            dns_message_has_text(&m, "a.example", "abc") <= 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_has_text__table),
                        cmocka_unit_test(test_has_text__nul_in_string),
                        cmocka_unit_test(test_cname__grammar),
                        cmocka_unit_test(test_zone__beside_a_negative_answer),
                        cmocka_unit_test(test_servers__of_this_zone),
                        cmocka_unit_test(test_parse__cut_short),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
