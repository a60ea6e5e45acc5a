/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/link.h"

#include "base/test.h"

static void test_link_find__table(void **state)
{
        static const struct {
                const char *value;
                int r;
                const char *target;
        } cases[] = {
                        /* RFC 8555 section 7.3.3 */
                        {"<https://example.com/acme/terms/2017-6-02>;rel=\"terms-of-service\"",
                         0,
                         "https://example.com/acme/terms/2017-6-02"},
                        {"<a>;rel=terms-of-service", 0, "a"},
                        {"<a>; REL = Terms-Of-Service", 0, "a"},
                        {"<a>;rel=\"index  terms-of-service\"", 0, "a"},
                        {"<a>;rel=\"index\", <b>;rel=\"terms-of-service\"", 0, "b"},
                        {", ,<b> ; title=\"x;,<y>\\\">\" ; rel=terms-of-service ,", 0, "b"},
                        {"<>;rel=terms-of-service", 0, ""},
                        {"<a>;anchor;rel=terms-of-service", 0, "a"},
                        {"", -ENOENT},
                        {"<a>", -ENOENT},
                        {"<a>;rel", -ENOENT},
                        {"<a>;rel=", -ENOENT},
                        {"<a>;rel=\"\"", -ENOENT},
                        {"<a>;rel=index", -ENOENT},
                        {"<a>;rel=index;rel=terms-of-service", -ENOENT}, /* the first counts */
                        {"<a>;relic=terms-of-service", -ENOENT},
                        {"<a>;rel=terms-of-service-2", -ENOENT},
                        {"<a>;rel=\"xterms-of-service\"", -ENOENT},
                        {"a;rel=terms-of-service", -EBADMSG},
                        {"<a;rel=terms-of-service", -EBADMSG},
                        {"<a b>;rel=terms-of-service", -EBADMSG},
                        {"<a\x1b[31m>;rel=terms-of-service", -EBADMSG},
                        {"<a\xc3\xa4>;rel=terms-of-service", -EBADMSG},
                        {"<a>;rel=\"terms-of-service", -EBADMSG},
                        {"<a>;rel=\"terms-of-service\\", -EBADMSG},
                        {"<a>;rel=\"terms-of-service\"x", -EBADMSG},
                        {"<a> <b>;rel=terms-of-service", -EBADMSG},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                _cleanup_free_ char *target = NULL;
                int r = link_find(c->value, "terms-of-service", &target);

                assert_row(c->value, r == c->r);
                assert_row(c->value, r < 0 ? !target : streq(target, c->target));
        }
}

static void test_link_find__ends(void **state)
{
        char value[4096] = "";
        char *target = NULL;

        (void) state;
        for (size_t i = 0; i + 5 < sizeof(value); i += 4)
                strcpy(value + i, "<a>,");
        assert_int_equal(link_find(value, "index", &target), -ENOENT);
        assert_null(target);
}

static void test_link_collect__table(void **state)
{
        static const struct {
                const char *value;
                int r;
                const char *targets;
        } cases[] = {
                        {"", 0, ""},
                        {"<a>;rel=index", 0, ""},
                        {"<a>;rel=\"alternate\"", 0, "a"},
                        {"<a>;rel=alternate, <b>;rel=up,<c>;rel=\"x alternate\"", 0, "a c"},
                        {"<a>;rel=alternate,<b>;rel=alternate,<c>;rel=alternate,<d>;rel=alternate",
                         0,
                         "a b c"},
                        {"<a>;rel=alternate, b", -EBADMSG, "a"},
                        {"b, <a>;rel=alternate", -EBADMSG, ""},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                _cleanup_strv_free_ char **list = NULL;
                _cleanup_free_ char *text = NULL;

                assert_row(c->value, link_collect(c->value, "alternate", 3, &list) == c->r);
                assert_int_equal(strv_join(list, " ", &text), 0);
                assert_row(c->value, streq(text, c->targets));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_link_find__table),
                        cmocka_unit_test(test_link_find__ends),
                        cmocka_unit_test(test_link_collect__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
