/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a person may have written for a record, and what a CA makes of it. */

#include "publisher/persist-record.h"

#include "base/test.h"

#define URI "https://ca.example/acct/1"
#define NOW_USEC (1800000000 * USEC_PER_SEC)

static void test_persist_record_is__as_a_ca_reads_it(void **state _unused_)
{
        static const struct {
                const char *text;
                bool proves_name, proves_wildcard;
        } rows[] = {
                        {"ca.example; accounturi=" URI, true, false},
                        {"ca.example;accounturi=" URI, true, false},
                        {" ca.example ;\taccounturi = " URI " ; ", true, false},
                        {"CA.Example; accounturi=" URI, false, false},
                        {"ca.example; AccountURI=" URI, false, false},
                        {"ca.example; accounturi=" URI "; policy=wildcard", true, true},
                        {"ca.example; policy=wildcard; accounturi=" URI, true, true},
                        {"ca.example; accounturi=" URI "; policy=all", true, false},
                        {"ca.example; accounturi=" URI "; x=y; later=1", true, false},
                        {"ca.example; accounturi=" URI "; persistUntil=1800000001", true, false},
                        {"ca.example; accounturi=" URI "; persistUntil=1800000000", false, false},
                        {"ca.example; accounturi=" URI "; persistUntil=soon", false, false},
                        {"ca.example; accounturi=" URI "; persistUntil=1; persistUntil=2",
                         false,
                         false},
                        {"ca.example; accounturi=" URI "; accounturi=" URI, false, false},
                        {"ca.example; accounturi=" URI "0", false, false},
                        {"ca.example; accounturi=" URI "; policy", false, false},
                        {"other.example; accounturi=" URI, false, false},
                        {"ca.example", false, false},
                        {"ca.example; accounturi=", false, false},
                        {"; accounturi=" URI, false, false},
                        {"", false, false},
        };
        const PersistRecord name = {"ca.example", URI, false, USEC_INFINITY},
                            wildcard = {"ca.example", URI, true, USEC_INFINITY};

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *text = strdup(row->text);
                PersistRecord found = {};
                bool is_record = persist_record_parse(text, &found) == 0;

                assert_row(row->text,
                           (is_record && persist_record_is(&found, &name, NOW_USEC)) ==
                                           row->proves_name);
                assert_row(row->text,
                           (is_record && persist_record_is(&found, &wildcard, NOW_USEC)) ==
                                           row->proves_wildcard);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_persist_record_is__as_a_ca_reads_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
