/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which endpoints follow from a configuration, and what is said of the rest. */

#include <arpa/inet.h>

#include "verify/plan.h"

#include "base/test.h"

static char *identifiers[] = {(char *) "a.example", (char *) "b.example", NULL};
static char *nginx[] = {(char *) "nginx.service", NULL};
static char *dovecot[] = {(char *) "dovecot.service", NULL};
static char *both[] = {(char *) "nginx.service", (char *) "dovecot.service", NULL};

static VerifyEndpoint endpoints[] = {
                {.host = (char *) "a.example", .port = 443, .text = (char *) "a.example:443"},
                {.host = (char *) "::1",
                 .port = 25,
                 .starttls = STARTTLS_SMTP,
                 .sni = (char *) "mx.example",
                 .text = (char *) "[::1]:25 starttls=smtp sni=mx.example"},
};

static Listeners *listeners_new(void)
{
        Listeners *l = calloc(1, sizeof(*l));

        assert_non_null(l);
        l->n = 1;
        l->items[0] = (Listener){
                        .port = 443,
                        .holder = {.family = AF_INET6},
                        .unit = nginx[0],
        };
        return l;
}

typedef struct Row {
        const char *name;
        DeployTarget targets[2];
        size_t n_targets;
        char **consumers;
        bool is_silent;
        const char *endpoints, *skips;
} Row;

static const Row rows[] = {
                {"nothing", {}, 0, NULL, false, "", "noTargets "},
                {"files alone", {{.label = (char *) "x"}}, 1, NULL, false, "", "noUnits x "},
                {"Verify=",
                 {{.label = (char *) "x", .reload = nginx, .verify = endpoints, .n_verify = 2}},
                 1,
                 NULL,
                 false,
                 "a.example:443 x a.example nginx.service|[::1]:25 starttls=smtp sni=mx.example x "
                 "mx.example nginx.service|",
                 ""},
                {"the same in two targets",
                 {{.label = (char *) "x", .reload = both, .verify = endpoints, .n_verify = 1},
                  {.label = (char *) "y", .verify = endpoints, .n_verify = 1}},
                 2,
                 NULL,
                 false,
                 "a.example:443 x a.example |",
                 ""},
                {"found",
                 {{.label = (char *) "x", .reload = nginx},
                  {.label = (char *) "y", .restart = dovecot}},
                 2,
                 NULL,
                 false,
                 "[::1]:443 x a.example nginx.service|127.0.0.1:443 x a.example nginx.service|",
                 "nothingFound y dovecot.service "},
                {"a consumer",
                 {},
                 0,
                 nginx,
                 false,
                 "[::1]:443  a.example nginx.service|127.0.0.1:443  a.example nginx.service|",
                 ""},
                {"a kernel that does not tell",
                 {{.label = (char *) "x", .try_reload = nginx}},
                 1,
                 NULL,
                 true,
                 "",
                 "kernelSilent x nginx.service "},
};

static void describe(const Plan *plan, char *ret_endpoints, char *ret_skips)
{
        FOREACH_ARRAY (e, plan->endpoints, plan->n_endpoints)
                ret_endpoints += sprintf(ret_endpoints,
                                         "%s %s %s %s|",
                                         e->text,
                                         e->target ?: "",
                                         e->sni,
                                         e->unit ?: "");
        FOREACH_ARRAY (s, plan->skips, plan->n_skips)
                ret_skips += sprintf(ret_skips,
                                     "%s %s%s%s%s",
                                     s->reason,
                                     s->target ?: "",
                                     s->target ? " " : "",
                                     s->unit ?: "",
                                     s->unit ? " " : "");
}

static void test_plan_make__table(void **state)
{
        _cleanup_free_ Listeners *listeners = listeners_new();

        (void) state;
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                Config config = {
                                .identifiers = identifiers,
                                .deploy = (DeployTarget *) row->targets,
                                .n_deploy = row->n_targets,
                                .consumers = row->consumers,
                };
                _cleanup_free_ Plan *plan = calloc(1, sizeof(Plan));
                char found[1024] = "", skipped[1024] = "";

                assert_non_null(plan);
                assert_int_equal(plan_make(&config, row->is_silent ? NULL : listeners, plan), 0);
                describe(plan, found, skipped);
                assert_row(row->name, streq(found, row->endpoints));
                assert_row(row->name, streq(skipped, row->skips));
                plan_done(plan);
        }
}

static void test_plan_needs_listeners__only_without_verify(void **state)
{
        DeployTarget target = {.reload = nginx, .verify = endpoints, .n_verify = 1};
        Config config = {.deploy = &target, .n_deploy = 1};

        (void) state;
        assert_false(plan_needs_listeners(&config));
        target.n_verify = 0;
        assert_true(plan_needs_listeners(&config));
        target.reload = NULL;
        assert_false(plan_needs_listeners(&config));
        config.consumers = nginx;
        assert_true(plan_needs_listeners(&config));
}

static void test_skip_is_void__table(void **state)
{
        static const struct {
                const char *skipped, *answers;
                bool is_local, is_void;
        } cases[] = {
                        {"db.service", "db.service", true, true},
                        {"db.service", "nginx.service", true, false},
                        {"db@.service", "db@main.service", true, true},
                        {"db.service", "db.service", false, false},
                        {"db.service", NULL, true, false},
                        {NULL, "db.service", true, false},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                const Skip s = {.reason = SKIP_NOTHING_FOUND, .unit = c->skipped};
                const Endpoint e = {.unit = (char *) c->answers, .finding.is_local = c->is_local};

                assert_row(c->skipped ?: "none", skip_is_void(&s, &e, 1) == c->is_void);
                assert_false(skip_is_void(&s, &e, 0));
        }
}

/* 32 targets with 32 endpoints each are more than anybody has. */
static void test_plan_make__too_many(void **state)
{
        static char texts[ENDPOINTS_MAX + 1][32];
        static VerifyEndpoint many[ENDPOINTS_MAX + 1];
        DeployTarget target = {.label = (char *) "x", .verify = many, .n_verify = ELEMENTSOF(many)};
        Config config = {.identifiers = identifiers, .deploy = &target, .n_deploy = 1};
        _cleanup_free_ Plan *plan = calloc(1, sizeof(Plan));

        (void) state;
        assert_non_null(plan);
        for (size_t i = 0; i < ELEMENTSOF(many); i++) {
                (void) snprintf(texts[i], sizeof(texts[i]), "a.example:%zu", i + 1);
                many[i] = (VerifyEndpoint){.host = texts[i], .port = 1, .text = texts[i]};
        }
        assert_int_equal(plan_make(&config, NULL, plan), 0);
        assert_int_equal(plan->n_endpoints, ENDPOINTS_MAX);
        assert_int_equal(plan->n_skips, 1);
        assert_string_equal(plan->skips[0].reason, SKIP_TOO_MANY);
        plan_done(plan);
}

/* A server is asked for a name that one could type. */
static void test_plan_make__wildcards(void **state)
{
        static const struct {
                const char *identifiers[3], *sni;
        } cases[] = {
                        {{"*.a.example", "a.example"}, "a.example"},
                        {{"*.a.example", "192.0.2.1"}, "www.a.example"},
                        {{"192.0.2.1"}, "192.0.2.1"},
        };
        VerifyEndpoint one = {.host = (char *) "a", .port = 1, .text = (char *) "a:1"};
        DeployTarget target = {.label = (char *) "x", .verify = &one, .n_verify = 1};

        (void) state;
        FOREACH_ARRAY (row, cases, ELEMENTSOF(cases)) {
                Config config = {.identifiers = (char **) row->identifiers,
                                 .deploy = &target,
                                 .n_deploy = 1};
                _cleanup_free_ Plan *plan = calloc(1, sizeof(Plan));

                assert_non_null(plan);
                assert_int_equal(plan_make(&config, NULL, plan), 0);
                assert_string_equal(plan->endpoints[0].sni, row->sni);
                plan_done(plan);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_plan_make__table),
                        cmocka_unit_test(test_plan_needs_listeners__only_without_verify),
                        cmocka_unit_test(test_skip_is_void__table),
                        cmocka_unit_test(test_plan_make__wildcards),
                        cmocka_unit_test(test_plan_make__too_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
