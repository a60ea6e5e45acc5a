/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The verdict as a table, and what is shown of the worst that a file can say. */

#include "base/exit-status.h"
#include "base/test.h"
#include "ctl/overview.h"

#define T0 (20000 * USEC_PER_DAY)

static char directory[] = "https://ca.example/dir", key_type[] = "ec-p256";
static char *identifiers[] = {"a.example", NULL};
static ConfigCa ca = {.directory = directory};
static Config config;

static State make_state(void)
{
        return (State){.certificate = {.is_set = true,
                                       .not_before_usec = T0,
                                       .not_after_usec = T0 + 90 * USEC_PER_DAY,
                                       .identifiers = identifiers,
                                       .key_type = key_type,
                                       .directory = directory}};
}

static Overview make_overview(const State *state)
{
        Overview o = {.name = "a.example",
                      .config = &config,
                      .state = state,
                      .now_usec = T0 + USEC_PER_DAY,
                      .timer = UNIT_RUNNING};

        FOREACH_ARRAY (run, o.runs, ELEMENTSOF(o.runs))
                run->condition = UNIT_IDLE;
        return o;
}

static int setup(_unused_ void **unused)
{
        config.identifiers = identifiers;
        config.cas = &ca;
        config.n_cas = 1;
        config.key_type = key_type_from_string(key_type);
        return 0;
}

static void test_overview_judge__well(_unused_ void **unused)
{
        State state = make_state();
        Overview o = make_overview(&state);

        overview_judge(&o);
        assert_int_equal(o.attention, 0);
        assert_int_equal(o.due, DUE_NOT);
        assert_true(o.renew_usec == T0 + 60 * USEC_PER_DAY);
        assert_string_equal(overview_get_live(&o), "live");
}

static void expect(Overview o, const char *live, unsigned attention)
{
        overview_judge(&o);
        assert_string_equal(overview_get_live(&o), live);
        assert_int_equal(o.attention, attention);
}

static void test_overview_judge__certificates(_unused_ void **unused)
{
        State state = make_state();
        Overview o = make_overview(&state);

        o.now_usec = state.certificate.not_after_usec;
        expect(o, "expired", ATTENTION_EXPIRED);
        o.timer = UNIT_IDLE;
        expect(o, "expired", ATTENTION_EXPIRED | ATTENTION_NO_TIMER);
        o.timer = UNIT_UNKNOWN;
        expect(o, "expired", ATTENTION_EXPIRED);

        o = make_overview(&state);
        state.certificate.revocation.asked_usec = 1;
        expect(o, "revoked", ATTENTION_REVOKED);
        state.certificate.is_placeholder = true;
        expect(o, "placeholder", 0);
        state.certificate.is_set = false;
        expect(o, "none", 0);

        o.state = NULL;
        o.state_error = -ENOENT;
        expect(o, "none", 0);
        o.timer = UNIT_IDLE;
        expect(o, "none", ATTENTION_NO_TIMER);
        o.retry_timer = UNIT_RUNNING;
        expect(o, "none", 0);
        o.retry_timer = UNIT_IDLE;
        o.runs[OVERVIEW_RENEW].condition = UNIT_RUNNING;
        expect(o, "none", 0);
        o.state_error = -EBADMSG;
        expect(o, "unknown", ATTENTION_NO_STATE);
}

static void test_overview_judge__failures(_unused_ void **unused)
{
        State state = make_state();
        Overview o = make_overview(&state);

        state.failure = (StateFailure){.count = 1, .outcome = EXIT_TRY_AGAIN};
        expect(o, "live", 0);
        state.failure.outcome = EXIT_REFUSED;
        expect(o, "live", ATTENTION_REFUSED);
        state.failure.count = 0;
        o.runs[OVERVIEW_RENEW] = (OverviewRun){UNIT_FAILED, EXIT_CONFIGURATION, NULL};
        expect(o, "live", ATTENTION_CONFIGURATION);
        o.runs[OVERVIEW_RENEW].exit_status = EXIT_TRY_AGAIN;
        o.config = NULL;
        expect(o, "live", ATTENTION_CONFIGURATION);
        o.config = &config;
        o.runs[OVERVIEW_DEPLOY].condition = UNIT_FAILED;
        o.runs[OVERVIEW_VERIFY].condition = UNIT_FAILED;
        expect(o, "live", ATTENTION_DEPLOY | ATTENTION_VERIFY);
}

static void test_overview_judge__next_attempt(_unused_ void **unused)
{
        State state = {.failure = {.count = 2, .next_attempt_usec = T0 + 3 * USEC_PER_DAY}};
        Overview o = make_overview(&state);

        overview_judge(&o);
        assert_true(o.renew_usec == T0 + 3 * USEC_PER_DAY);
        state.failure.next_attempt_usec = 1;
        overview_judge(&o);
        assert_true(o.renew_usec == o.now_usec);
}

static void test_overview_print__columns(_unused_ void **unused)
{
        char issuer[] = "An issuer\033[2J with a very long name";
        State state = make_state();
        Overview o = make_overview(&state);
        _cleanup_free_ char *text = NULL;
        size_t length;
        FILE *f = open_memstream(&text, &length);

        assert_non_null(f);
        state.certificate.issuer = issuer;
        overview_judge(&o);
        overview_print_head(f, 16);
        assert_int_equal(overview_print(&o, f, 16), 0);
        /* One that has failed has more to say, and lines of its own for it. */
        state.failure = (StateFailure){.count = 1, .detail = issuer, .last_usec = USEC_INFINITY};
        o.runs[OVERVIEW_VERIFY] = (OverviewRun){UNIT_FAILED, 69, issuer};
        overview_judge(&o);
        assert_int_equal(overview_print(&o, f, 16), 0);
        fclose(f);
        assert_null(strchr(text, '\033'));
        for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
                if (!startswith(line, "    "))
                        assert_true(end - line <= 80);
        assert_non_null(strstr(text, "acme-verify@a.example.service has failed"));
}

static void test_overview_to_json__attention(_unused_ void **unused)
{
        State state = make_state();
        Overview o = make_overview(&state);
        _cleanup_json_ struct json_object *object = NULL;
        struct json_object *list;

        o.runs[OVERVIEW_VERIFY].condition = UNIT_FAILED;
        overview_judge(&o);
        assert_int_equal(overview_to_json(&o, &object), 0);
        assert_true(json_object_object_get_ex(object, "attention", &list));
        assert_int_equal(json_object_array_length(list), 1);
        assert_string_equal(json_object_get_string(json_object_array_get_idx(list, 0)),
                            "verifyFailed");
        assert_false(json_object_object_get_ex(object, "due", NULL));
        assert_false(json_object_object_get_ex(object, "failure", NULL));
}

static void test_overview_to_json__changed_settings(_unused_ void **unused)
{
        char *wishes[] = {(char *) "Profile=", (char *) "Lifetime=1d", NULL};
        State state = make_state();
        Overview o = make_overview(&state);
        _cleanup_json_ struct json_object *none = NULL, *some = NULL;
        struct json_object *list;

        overview_judge(&o);
        assert_int_equal(overview_to_json(&o, &none), 0);
        assert_false(json_object_object_get_ex(none, "changedSettings", NULL));
        state.certificate.wishes = wishes;
        assert_int_equal(overview_to_json(&o, &some), 0);
        assert_true(json_object_object_get_ex(some, "changedSettings", &list));
        assert_int_equal(json_object_array_length(list), 1);
        assert_string_equal(json_object_get_string(json_object_array_get_idx(list, 0)),
                            "Lifetime=");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_overview_judge__well),
                        cmocka_unit_test(test_overview_judge__certificates),
                        cmocka_unit_test(test_overview_judge__failures),
                        cmocka_unit_test(test_overview_judge__next_attempt),
                        cmocka_unit_test(test_overview_print__columns),
                        cmocka_unit_test(test_overview_to_json__attention),
                        cmocka_unit_test(test_overview_to_json__changed_settings),
        };

        return cmocka_run_group_tests(tests, setup, NULL);
}
