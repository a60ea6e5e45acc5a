/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The order of the targets, and the names of their steps. */

#include "base/test.h"
#include "deploy/plan.h"
#include "deploy/step.h"

#define TARGETS_MAX 4U

static void test_order(void **state _unused_)
{
        static const struct {
                const char *what;
                const char *targets[TARGETS_MAX][2]; /* label, After= */
                const char *order;
        } rows[] = {
                        {"none", {}, ""},
                        {"one", {{"a", NULL}}, "a"},
                        {"as they come", {{"b", NULL}, {"a", NULL}, {"c", NULL}}, "bac"},
                        {"one behind", {{"a", "b"}, {"b", NULL}}, "ba"},
                        {"a chain backwards", {{"a", "b"}, {"b", "c"}, {"c", NULL}}, "cba"},
                        {"a chain forwards", {{"a", NULL}, {"b", "a"}, {"c", "b"}}, "abc"},
                        {"two behind one",
                         {{"a", "c"}, {"b", "c"}, {"c", NULL}, {"d", NULL}},
                         "cdab"},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                DeployTarget targets[TARGETS_MAX] = {};
                char found[TARGETS_MAX + 1] = "";
                size_t n = 0, order[TARGETS_MAX];

                for (; n < TARGETS_MAX && row->targets[n][0]; n++) {
                        targets[n].label = (char *) row->targets[n][0];
                        targets[n].after = (char *) row->targets[n][1];
                }
                plan_order(targets, n, order);
                for (size_t i = 0; i < n; i++)
                        found[i] = targets[order[i]].label[0];
                assert_row(row->what, streq(found, row->order));
        }
}

static void test_steps(void **state _unused_)
{
        char *web[] = {(char *) "nginx.service", (char *) "apache2.service", NULL};
        char *mail[] = {(char *) "postfix.service", NULL};
        char *program[] = {(char *) "/bin/x", (char *) "one", (char *) "two", NULL};
        const DeployTarget target = {
                        .reload = web,
                        .restart = mail,
                        .try_reload = mail,
                        .exec = program,
        };
        static char *expected[] = {
                        (char *) "Reload=nginx.service",
                        (char *) "Reload=apache2.service",
                        (char *) "Restart=postfix.service",
                        (char *) "TryReload=postfix.service",
                        (char *) "Exec=/bin/x one two",
                        NULL,
        };
        _cleanup_strv_free_ char **steps = NULL, **none = NULL, **consumers = NULL;

        assert_int_equal(step_list(&target, &steps), 0);
        assert_true(strv_equal(steps, expected));
        assert_int_equal(step_list(&(DeployTarget){}, &none), 0);
        assert_null(none);
        assert_int_equal(step_list_consumers(mail, &consumers), 0);
        assert_int_equal(strv_length(consumers), 1);
        assert_string_equal(consumers[0], "Consumers=postfix.service");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_order),
                        cmocka_unit_test(test_steps),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
