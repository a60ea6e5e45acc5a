/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/test.h"
#include "config/identifier.h"

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"
#define L61 "a234567890123456789012345678901234567890123456789012345678901"

static void test_identifier_normalize__good(void **state _unused_)
{
        static const struct {
                const char *word, *name;
        } rows[] = {
                        {"example.org", "example.org"},
                        {"EXAMPLE.Org", "example.org"},
                        {"example.org.", "example.org"},
                        {"a", "a"},
                        {"1and1.example", "1and1.example"},
                        {"123.example", "123.example"},
                        {"a-b--c.example", "a-b--c.example"},
                        {L63 ".example", L63 ".example"},
                        {L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61},
                        {L63 "." L63 "." L63 "." L61 ".", L63 "." L63 "." L63 "." L61},
                        {"fooxn--bar.example", "fooxn--bar.example"},
                        /* IDNA2008, non-transitional. */
                        {"b\xc3\xbc"
                         "cher.example",
                         "xn--bcher-kva.example"},
                        {"B\xc3\x9c"
                         "CHER.example",
                         "xn--bcher-kva.example"},
                        {"bu\xcc\x88"
                         "cher.example",
                         "xn--bcher-kva.example"},
                        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
                        {"XN--BCHER-KVA.Example.", "xn--bcher-kva.example"},
                        {"fa\xc3\x9f.example", "xn--fa-hia.example"},
                        {"xn--fa-hia.b\xc3\xbc"
                         "cher.example",
                         "xn--fa-hia.xn--bcher-kva.example"},
                        {"\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.example",
                         "xn--nxasmm1c.example"},
                        {"a\xe3\x80\x82"
                         "b",
                         "a.b"},
                        {"a.b\xe3\x80\x82", "a.b"},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *name = NULL;
                const char *reason = NULL;

                assert_row(row->word, identifier_normalize(row->word, &name, &reason) == 0);
                assert_string_equal(name, row->name);
        }
}

static void test_identifier_normalize__bad(void **state _unused_)
{
        /* reason: some of its words; NULL where they are libidn2's. */
        static const struct {
                const char *word, *reason;
        } rows[] = {
                        {"*.example.org", "wildcard"},
                        {"*", "wildcard"},
                        {"www.*.example.org", "wildcard"},
                        {"192.0.2.1", "IP address"},
                        {"2001:db8::1", "IP address"},
                        {"[2001:db8::1]", "IP address"},
                        {"::ffff:192.0.2.1", "IP address"},
                        {"192.0.2", "number"},
                        {"example.123", "number"},
                        {"123", "number"},
                        {"_dmarc.example.org", "underscore"},
                        {"a_b.example.org", "underscore"},
                        {"", "two dots"},
                        {".", "two dots"},
                        {".example.org", "two dots"},
                        {"example..org", "two dots"},
                        {"example.org..", "two dots"},
                        {"-a.example", "hyphen"},
                        {"a-.example", "hyphen"},
                        {"ab--c.example", "reserved"},
                        {"https://example.org", "letters, digits"},
                        {"example.org/", "letters, digits"},
                        {"example.org:443", "letters, digits"},
                        {"me@example.org", "letters, digits"},
                        {"a b.example", "letters, digits"},
                        {"a\nb.example", "letters, digits"},
                        {"a;b.example", "letters, digits"},
                        {"$(reboot).example", "letters, digits"},
                        {"a" L63 ".example", "63 bytes"},
                        {L63 "." L63 "." L63 "." L61 "a", "253 bytes"},
                        /* Not IDNA2008. */
                        {"i\xe2\x9d\xa4.example", NULL},
                        {"xn--i-7iq.example", NULL},
                        {"xn--abc-.example", NULL},
                        {"xn--a.example", NULL},
                        {"xn--bcher-kv.example", NULL},
                        {"xn--.example", NULL},
                        {"\xff\xfe.example", NULL},
                        {"\xc3.example", NULL},
                        {"\xed\xa0\x80.example", NULL},
                        {"\xcc\x88"
                         "a.example",
                         NULL},
                        /* Characters that Unicode maps to what a host name may not have. */
                        {"ex\xef\xbc\x8ample.example", NULL},
                        {"\xef\xbc\x8a.example.org", NULL},
                        {"\xe2\x84\x80.example", NULL},
                        {"\xef\xbc\x91.\xef\xbc\x92.\xef\xbc\x93.\xef\xbc\x94", "number"},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                const char *reason = NULL;
                char *name = NULL;
                int r = identifier_normalize(row->word, &name, &reason);

                assert_row(row->word, r == IDENTIFIER_E_INVALID);
                assert_row(row->word, reason && *reason);
                assert_row(row->word, !row->reason || strstr(reason, row->reason));
                assert_null(name);
        }
}

static void test_identifier_normalize__very_long(void **state _unused_)
{
        const size_t n = 100000;
        char *word = malloc(n + 1), *name = NULL;
        const char *reason = NULL;

        assert_non_null(word);
        for (size_t i = 0; i < n; i += 2)
                memcpy(word + i, "\xc3\xbc", 2);
        word[n] = 0;
        assert_int_equal(identifier_normalize(word, &name, &reason), IDENTIFIER_E_INVALID);
        assert_non_null(strstr(reason, "253 bytes"));
        free(word);
}

/* What comes out is accepted as it is. */
static void test_identifier_normalize__twice(void **state _unused_)
{
        static const char *const words[] = {"EXAMPLE.org.",
                                            "stra\xc3\x9f"
                                            "e.example"};

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                _cleanup_free_ char *once = NULL, *twice = NULL;
                const char *reason = NULL;

                assert_int_equal(identifier_normalize(words[i], &once, &reason), 0);
                assert_int_equal(identifier_normalize(once, &twice, &reason), 0);
                assert_string_equal(once, twice);
        }
}

static void test_identifier_normalize_any__addresses(void **state _unused_)
{
        static const struct {
                const char *word, *expected;
        } rows[] = {
                        {"192.0.2.1", "192.0.2.1"},
                        {"127.0.0.1", "127.0.0.1"},
                        {"2001:DB8:0::1", "2001:db8::1"},
                        {"[2001:db8::1]", "2001:db8::1"},
                        {"::1", "::1"},
                        {"Example.org", "example.org"},
                        {"0.0.0.0", NULL},
                        {"224.0.0.1", NULL},
                        {"255.255.255.255", NULL},
                        {"::", NULL},
                        {"ff02::1", NULL},
                        {"::ffff:192.0.2.1", NULL},
                        {"[192.0.2.1]", NULL},
                        {"192.0.2.256", NULL},
                        {"192.0.2.01", NULL},
                        {"192.0.2", NULL},
                        {"192.0.2.1.", NULL},
                        {"fe80::1%eth0", NULL},
                        {"2001:db8::1/64", NULL},
                        {"[2001:db8::1", NULL},
                        {"[]", NULL},
                        {"*.Example.org", "*.example.org"},
                        {"*.example", NULL},
                        {"*.192.0.2.1", NULL},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *text = NULL;
                const char *reason = NULL;
                int r = identifier_normalize_any(row->word, &text, &reason);

                assert_row(row->word, r == (row->expected ? 0 : IDENTIFIER_E_INVALID));
                assert_row(row->word, row->expected ? streq(text, row->expected) : !!reason);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_identifier_normalize__good),
                        cmocka_unit_test(test_identifier_normalize__bad),
                        cmocka_unit_test(test_identifier_normalize_any__addresses),
                        cmocka_unit_test(test_identifier_normalize__very_long),
                        cmocka_unit_test(test_identifier_normalize__twice),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
