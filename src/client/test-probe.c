/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an answer to the self-check has to be. */

#include "client/probe.h"

#include "base/test.h"

static void test_probe_body_is__table(void **state)
{
        static const struct {
                const char *body;
                bool is;
        } rows[] = {
                        {"token.thumb", true},
                        {"token.thumb\r\n", true},
                        {"token.thumb \t\n", true},
                        {"token.thum", false},
                        {"token.thumbs", false},
                        {" token.thumb", false},
                        {"token.thumb\v", false},
                        {"", false},
        };

        (void) state;
        FOREACH_ARRAY (r, rows, ELEMENTSOF(rows))
                assert_row(r->body,
                           probe_body_is(r->body, strlen(r->body), "token.thumb") == r->is);
        assert_false(probe_body_is("token.thumb\0", 12, "token.thumb"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_probe_body_is__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
