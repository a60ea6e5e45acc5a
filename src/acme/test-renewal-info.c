/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Renewal information: RFC 9773's own example, each member made bad, and what is made of a window.
 */

#include "acme/test-mutate.h"

#include "acme/renewal-info.h"

#define RFC_EXAMPLE CORPUS "/renewal-info/rfc9773-4.2.json"
#define START (UINT64_C(1735790400) * USEC_PER_SEC) /* 2025-01-02T04:00:00Z */
#define FINGERPRINT "00000000000000ff"              /* and so on: only these digits count */

static void test_renewal_info_parse__rfc_example(_unused_ void **state)
{
        _cleanup_free_ char *text = read_vector(RFC_EXAMPLE);
        _cleanup_(renewal_info_freep) RenewalInfo *info = NULL;
        const char *field;

        assert_int_equal(renewal_info_parse(text, strlen(text), &info, &field), 0);
        assert_true(info->start_usec == START);
        assert_true(info->end_usec == START + USEC_PER_DAY);
        assert_string_equal(info->explanation, "https://acme.example.com/docs/ari");
}

static void test_renewal_info_parse__one_member_bad(_unused_ void **state)
{
        static const struct {
                const char *parent, *name, *value;
                const char *field; /* NULL: it is as good as before */
        } mutations[] = {
                        {NULL, "suggestedWindow", NULL, "suggestedWindow"},
                        {NULL, "suggestedWindow", "null", "suggestedWindow"},
                        {NULL, "suggestedWindow", "'soon'", "suggestedWindow"},
                        {"suggestedWindow", "start", NULL, "start"},
                        {"suggestedWindow", "start", "1735790400", "start"},
                        {"suggestedWindow", "start", "'2025-01-02T04:00:00'", "start"},
                        {"suggestedWindow", "start", "'2025-02-30T04:00:00Z'", "start"},
                        {"suggestedWindow", "start", "'1969-01-02T04:00:00Z'", "start"},
                        {"suggestedWindow", "end", NULL, "end"},
                        {"suggestedWindow", "end", "'10000-01-02T04:00:00Z'", "end"},
                        {"suggestedWindow", "end", "'2025-01-02T04:00:00Z'", "end"},
                        {"suggestedWindow", "end", "'2025-01-02T03:59:59Z'", "end"},
                        {"suggestedWindow", "unheardOf", "[1]", NULL},
                        {NULL, "unheardOf", "{'start': 7}", NULL},
                        {NULL, "explanationURL", "7", "explanationURL"},
        };
        _cleanup_free_ char *good = read_vector(RFC_EXAMPLE);

        FOREACH_ARRAY (m, mutations, ELEMENTSOF(mutations)) {
                _cleanup_free_ char *text = with_member(good, m->parent, m->name, m->value);
                _cleanup_(renewal_info_freep) RenewalInfo *info = NULL;
                const char *field = NULL;
                int r;

                r = renewal_info_parse(text, strlen(text), &info, &field);
                assert_int_equal(r, m->field ? -EBADMSG : 0);
                if (m->field)
                        assert_string_equal(field, m->field);
        }
}

static void test_renewal_info_parse__explanation_that_is_no_url(_unused_ void **state)
{
        static const char *const values[] = {NULL,
                                             "null",
                                             "'javascript:alert(1)'",
                                             "'\\u001b[31m'"};
        _cleanup_free_ char *good = read_vector(RFC_EXAMPLE);

        FOREACH_ARRAY (value, values, ELEMENTSOF(values)) {
                _cleanup_free_ char *text = with_member(good, NULL, "explanationURL", *value);
                _cleanup_(renewal_info_freep) RenewalInfo *info = NULL;
                const char *field;

                assert_int_equal(renewal_info_parse(text, strlen(text), &info, &field), 0);
                assert_null(info->explanation);
        }
}

static void test_renewal_info_parse__not_an_object(_unused_ void **state)
{
        static const char *const texts[] = {"", "[]", "null", "<html>", "{", "{} {}"};

        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts)) {
                RenewalInfo *info = NULL;
                const char *field;

                assert_int_equal(renewal_info_parse(*text, strlen(*text), &info, &field), -EBADMSG);
                assert_null(info);
        }
}

static void test_renewal_window_is_sensible(_unused_ void **state)
{
        static const struct {
                usec_t start, end;
                bool expected;
        } table[] = {
                        {START + 50 * USEC_PER_DAY, START + 51 * USEC_PER_DAY, true},
                        {START - USEC_PER_DAY, START + 1, true},
                        {START - USEC_PER_DAY, START, true},
                        {START, START, false},
                        {START + 90 * USEC_PER_DAY - 1, START + 99 * USEC_PER_DAY, true},
                        {START + 90 * USEC_PER_DAY, START + 99 * USEC_PER_DAY, false},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                const RenewalInfo info = {.start_usec = row->start, .end_usec = row->end};

                assert_int_equal(renewal_window_is_sensible(&info, START + 90 * USEC_PER_DAY),
                                 row->expected);
        }
}

static void test_renewal_window_moment(_unused_ void **state)
{
        assert_true(renewal_window_moment(START, START + 256, FINGERPRINT "12") == START + 255);
        assert_true(renewal_window_moment(START, START + 255, FINGERPRINT) == START);
        assert_true(renewal_window_moment(START, START + 100, "ffffffffffffffffffff") <
                    START + 100);
        /* A moment, not a window: as a state file of ours could say. */
        assert_true(renewal_window_moment(START, START, FINGERPRINT) == START);
}

static void test_renewal_info_again_usec(_unused_ void **state)
{
        assert_true(renewal_info_again_usec(USEC_INFINITY, START) == START + 6 * USEC_PER_HOUR);
        assert_true(renewal_info_again_usec(0, START) == START + USEC_PER_MINUTE);
        assert_true(renewal_info_again_usec(2 * USEC_PER_HOUR, START) == START + 2 * USEC_PER_HOUR);
        assert_true(renewal_info_again_usec(7 * USEC_PER_DAY, START) == START + USEC_PER_DAY);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_renewal_info_parse__rfc_example),
                        cmocka_unit_test(test_renewal_info_parse__one_member_bad),
                        cmocka_unit_test(test_renewal_info_parse__explanation_that_is_no_url),
                        cmocka_unit_test(test_renewal_info_parse__not_an_object),
                        cmocka_unit_test(test_renewal_window_is_sensible),
                        cmocka_unit_test(test_renewal_window_moment),
                        cmocka_unit_test(test_renewal_info_again_usec),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
