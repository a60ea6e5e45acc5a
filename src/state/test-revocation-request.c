/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What root can ask for, and what means nothing. */

#include "base/test.h"
#include "state/revocation-request.h"

static void test_revocation_request__what_was_formatted(_unused_ void **unused)
{
        for (int reason = REVOCATION_UNSTATED; reason < REVOCATION_REASON_MAX; reason++) {
                RevocationRequest request = {.serial = (char *) "0a",
                                             .reason = (RevocationReason) reason,
                                             .by_certificate_key = reason % 2 == 0},
                                  read = {};
                _cleanup_free_ char *text = NULL;
                const char *field;

                /* RFC 5280 section 5.3.1. */
                if (reason == 7)
                        continue;
                assert_true((reason == REVOCATION_UNSTATED) ==
                            !revocation_reason_to_string(request.reason));
                assert_int_equal(revocation_request_format(&request, &text), 0);
                assert_int_equal(revocation_request_parse(text, strlen(text), &read, &field), 0);
                assert_string_equal(read.serial, "0a");
                assert_null(read.generation);
                assert_null(read.certificate);
                assert_int_equal(read.reason, reason);
                assert_int_equal(read.by_certificate_key, request.by_certificate_key);
                revocation_request_done(&read);
        }
}

static void test_revocation_request_parse__refuses(_unused_ void **unused)
{
        static const char *const texts[] = {
                        "",
                        "[]",
                        "null",
                        "{}",
                        "{\"reason\":\"superseded\"}",
                        "{\"serial\":\"0a\",\"generation\":\"1\"}",
                        "{\"serial\":\"0a\",\"certificate\":\"x\"}",
                        "{\"serial\":\"0A\"}",
                        "{\"serial\":\"\"}",
                        "{\"generation\":\"../1\"}",
                        "{\"generation\":1}",
                        "{\"generation\":\"1\",\"reason\":\"\"}",
                        "{\"generation\":\"1\",\"reason\":\"7\"}",
                        "{\"generation\":\"1\",\"reason\":\"keycompromise\"}",
                        "{\"generation\":\"1\",\"key\":\"mine\"}",
                        "{\"generation\":\"1\",\"url\":\"https://ca.example\"}",
                        "{\"generation\":\"1\"} x",
        };

        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts)) {
                RevocationRequest request = {};
                const char *field;

                assert_int_equal(revocation_request_parse(*text, strlen(*text), &request, &field),
                                 -EBADMSG);
                assert_non_null(field);
        }
}

#define OLD "{\"certificate\":\"a\\nb\\n\",\"reason\":\"keyCompromise\",\"key\":\"account\"}"

static void test_replacement__a_line_for_each(_unused_ void **unused)
{
        /* Without an end of its line there was one only. */
        static const struct {
                const char *text;
                size_t n;
        } table[] = {
                        {OLD, 1},
                        {OLD "\n", 1},
                        {OLD "\n" OLD, 2},
                        {OLD "\n" OLD "\n", 2},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                RevocationRequest read[REPLACED_MAX] = {};
                _cleanup_free_ char *text = NULL;
                size_t n;

                assert_int_equal(replacement_parse(row->text, strlen(row->text), read, &n), 0);
                assert_int_equal(n, row->n);
                assert_int_equal(replacement_format(read, n, &text), 0);
                assert_string_equal(text, n == 1 ? OLD "\n" : OLD "\n" OLD "\n");
                FOREACH_ARRAY (request, read, n) {
                        assert_string_equal(request->certificate, "a\nb\n");
                        assert_int_equal(request->reason, REVOCATION_KEY_COMPROMISE);
                        revocation_request_done(request);
                }
        }
}

static void test_replacement_parse__refuses(_unused_ void **unused)
{
        static const char *const texts[] = {
                        "",
                        "\n",
                        "\n" OLD,
                        OLD "\n\n",
                        OLD OLD,
                        OLD "\n" OLD "\n" OLD,
                        OLD "\n{\"serial\":\"0a\"}",
                        "{\"generation\":\"1\"}",
                        OLD "\n{",
        };

        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts)) {
                RevocationRequest read[REPLACED_MAX] = {};
                size_t n = 0;

                assert_int_equal(replacement_parse(*text, strlen(*text), read, &n), -EBADMSG);
                assert_int_equal(n, 0);
                assert_null(read[0].certificate);
        }
}

static void test_serial_normalize__table(_unused_ void **unused)
{
        static const struct {
                const char *text, *expected;
        } table[] = {
                        {"0a", "a"},
                        {"0A:1B", "a1b"},
                        {"00", "0"},
                        {"ff", "ff"},
                        {"", NULL},
                        {":", NULL},
                        {"0x0a", NULL},
                        {"12 34", NULL},
                        {"123456789012345678901234567890123456789012345678901234567890123456",
                         NULL},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_free_ char *serial = NULL;

                assert_int_equal(serial_normalize(row->text, &serial), row->expected ? 0 : -EINVAL);
                if (row->expected)
                        assert_string_equal(serial, row->expected);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_revocation_request__what_was_formatted),
                        cmocka_unit_test(test_revocation_request_parse__refuses),
                        cmocka_unit_test(test_replacement__a_line_for_each),
                        cmocka_unit_test(test_replacement_parse__refuses),
                        cmocka_unit_test(test_serial_normalize__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
