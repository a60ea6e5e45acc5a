/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/retry-after.h"

#include "acme/test-mutate.h"
#include "acme/timestamp.h"

/* Fri, 31 Dec 1999 23:57:00 GMT, so that RFC 9110's example is three minutes ahead. */
#define NOW (946684620 * USEC_PER_SEC)

static void test_retry_after_parse__table(void **state)
{
        static const struct {
                const char *value;
                int r;
                usec_t span_usec;
        } cases[] = {
                        {"0", 0, 0},
                        {"120", 0, 120 * USEC_PER_SEC},
                        {"00120", 0, 120 * USEC_PER_SEC},
                        {"604800", 0, RETRY_AFTER_MAX_USEC},
                        {"604801", 0, RETRY_AFTER_MAX_USEC},
                        {"18446744073709551616", 0, RETRY_AFTER_MAX_USEC},
                        {"99999999999999999999999999999999999999999999999999",
                         0,
                         RETRY_AFTER_MAX_USEC},
                        {"Fri, 31 Dec 1999 23:59:59 GMT", 0, 179 * USEC_PER_SEC},
                        {"Friday, 31-Dec-99 23:59:59 GMT", 0, 179 * USEC_PER_SEC},
                        {"Fri Dec 31 23:59:59 1999", 0, 179 * USEC_PER_SEC},
                        {"Sat Jan  1 00:00:00 2000", 0, 180 * USEC_PER_SEC},
                        {"Fri, 31 Dec 1999 23:59:60 GMT", 0, 180 * USEC_PER_SEC},
                        {"Sun, 06 Nov 1994 08:49:37 GMT", 0, 0},
                        {"Sunday, 06-Nov-94 08:49:37 GMT", 0, 0},
                        {"Saturday, 01-Jan-05 00:00:00 GMT", 0, RETRY_AFTER_MAX_USEC},
                        {"Fri, 31 Dec 2099 23:59:59 GMT", 0, RETRY_AFTER_MAX_USEC},
                        {"", -EINVAL},
                        {"-1", -EINVAL},
                        {"+1", -EINVAL},
                        {" 1", -EINVAL},
                        {"1 ", -EINVAL},
                        {"1.5", -EINVAL},
                        {"1, 2", -EINVAL},
                        {"soon", -EINVAL},
                        {"Fri, 31 Dec 1999 23:59:59 CET", -EINVAL},
                        {"Fri, 31 Dec 1999 23:59:59 GMT ", -EINVAL},
                        {"Fri, 31 Dec 1999 24:00:00 GMT", -EINVAL},
                        {"Wed, 31 Feb 1999 00:00:00 GMT", -EINVAL},
                        {"Wed, 00 Feb 1999 00:00:00 GMT", -EINVAL},
                        {"Fri, 31 dec 1999 23:59:59 GMT", -EINVAL},
                        {"Fri, 31 Dec 0000 23:59:59 GMT", -EINVAL},
                        {"Fri, 3", -EINVAL},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                usec_t span_usec = 4711;
                int r = retry_after_parse(c->value, NULL, NOW, &span_usec);

                if (r != c->r || span_usec != (c->r == 0 ? c->span_usec : 4711))
                        fail_msg("%s: %d, %" PRIu64, c->value, r, span_usec);
        }
}

/* A clock of ours that is wrong by years is nobody's matter when the CA says what time it has. */
static void test_retry_after_parse__counts_from_the_reply(void **state)
{
        static const struct {
                const char *value, *date;
                usec_t span_usec;
        } cases[] = {
                        {"Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:58:59 GMT", 60},
                        {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:07 GMT", 30},
                        {"Sat, 01 Jan 2039 00:00:10 GMT", "Saturday, 01-Jan-39 00:00:00 GMT", 10},
                        {"Sun, 06 Nov 1994 08:49:37 GMT", "Mon, 07 Nov 1994 08:49:37 GMT", 0},
                        {"Fri, 31 Dec 1999 23:59:59 GMT", "yesterday", 179},
                        {"Fri, 31 Dec 1999 23:59:59 GMT", "", 179},
                        {"120", "Sun, 06 Nov 1994 08:49:07 GMT", 120},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                usec_t span_usec = 4711;

                assert_row(c->value, retry_after_parse(c->value, c->date, NOW, &span_usec) == 0);
                assert_row(c->value, span_usec == c->span_usec * USEC_PER_SEC);
        }
}

static void test_acme_timestamp_parse__table(void **state)
{
        static const struct {
                const char *text;
                int r;
                usec_t seconds;
        } cases[] = {
                        {"1970-01-01T00:00:00Z", 0, 0},
                        {"1999-12-31T23:57:00Z", 0, 946684620},
                        {"1999-12-31t23:57:00.123456789z", 0, 946684620},
                        {"2000-01-01T00:57:00+01:00", 0, 946684620},
                        {"1999-12-31T15:57:00.5-08:00", 0, 946684620},
                        {"2024-02-29T00:00:00Z", 0, 1709164800},
                        {"2023-02-29T00:00:00Z", -EINVAL},
                        {"1969-12-31T23:59:59Z", -EINVAL},
                        {"1970-01-01T00:00:00+01:00", -EINVAL},
                        {"1999-12-31T23:57:00", -EINVAL},
                        {"1999-12-31T23:57:00.Z", -EINVAL},
                        {"1999-12-31T23:57:00Z ", -EINVAL},
                        {"1999-12-31 23:57:00Z", -EINVAL},
                        {"1999-12-31T24:00:00Z", -EINVAL},
                        {"1999-12-31T23:60:00Z", -EINVAL},
                        {"1999-12-31T23:57:00+24:00", -EINVAL},
                        {"1999-12-31T23:57:00+0100", -EINVAL},
                        {"1999-13-01T00:00:00Z", -EINVAL},
                        {"", -EINVAL},
                        {"1999", -EINVAL},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                usec_t usec = 4711;
                int r = acme_timestamp_parse(c->text, &usec);

                if (r != c->r || usec != (c->r == 0 ? c->seconds * USEC_PER_SEC : 4711))
                        fail_msg("%s: %d, %" PRIu64, c->text, r, usec);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_retry_after_parse__table),
                        cmocka_unit_test(test_retry_after_parse__counts_from_the_reply),
                        cmocka_unit_test(test_acme_timestamp_parse__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
