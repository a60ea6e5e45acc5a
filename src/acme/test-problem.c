/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/problem.h"

#include "acme/test-mutate.h"

/* RFC 8555 section 6.7, in its order; draft-ietf-acme-profiles. */
static const char *const errors[] = {
                "accountDoesNotExist",
                "alreadyRevoked",
                "badCSR",
                "badNonce",
                "badPublicKey",
                "badRevocationReason",
                "badSignatureAlgorithm",
                "caa",
                "compound",
                "connection",
                "dns",
                "externalAccountRequired",
                "incorrectResponse",
                "invalidContact",
                "malformed",
                "orderNotReady",
                "rateLimited",
                "rejectedIdentifier",
                "serverInternal",
                "tls",
                "unauthorized",
                "unsupportedContact",
                "unsupportedIdentifier",
                "userActionRequired",
                "invalidProfile",
};

static Problem *parse(const char *text)
{
        _cleanup_free_ char *json = unquote(text);
        Problem *p = NULL;

        assert_int_equal(problem_parse(json, strlen(json), &p), 0);
        return p;
}

static Problem *parse_type(const char *name)
{
        _cleanup_free_ char *text = NULL;

        assert_true(asprintf(&text, "{'type': 'urn:ietf:params:acme:error:%s'}", name) > 0);
        return parse(text);
}

static void test_problem_rules__every_error_has_a_row(void **state)
{
        const ProblemRule *rules;
        size_t n;

        (void) state;
        rules = problem_rules(&n);
        FOREACH_ARRAY (error, errors, ELEMENTSOF(errors)) {
                _cleanup_(problem_freep) Problem *p = parse_type(*error);
                const ProblemRule *rule = problem_rule(p, PROBLEM_AT_REQUEST, 400);

                assert_string_equal(rule->name, *error);
        }
        FOREACH_ARRAY (rule, rules, n) {
                bool known = false;

                FOREACH_ARRAY (error, errors, ELEMENTSOF(errors))
                        known = known || streq(*error, rule->name);
                assert_true(known);
                assert_true(strlen(rule->advice) > 10);
                assert_true(rule->advice[strlen(rule->advice) - 1] != '.');
                /* A person must act, or patience helps; a bug is nobody's patience. */
                if (rule->retry == PROBLEM_RETRY_LATER)
                        assert_int_equal(rule->exit_status, EXIT_TRY_AGAIN);
                if (rule->retry == PROBLEM_RETRY_NEVER)
                        assert_int_not_equal(rule->exit_status, EXIT_TRY_AGAIN);
        }
}

/* acme-renew@.service(8) lists the errors by exit code. */
static void test_problem_rules__as_the_man_page_has_them(void **state)
{
        _cleanup_free_ char *page = read_vector(MAN_PAGE);
        const char *list = strstr(page, "RFC 8555 section 6.7:");
        const ProblemRule *rules;
        size_t n;

        (void) state;
        assert_non_null(list);
        rules = problem_rules(&n);
        FOREACH_ARRAY (rule, rules, n) {
                _cleanup_free_ char *tag = NULL, *block = NULL;
                const char *begin, *end;

                if (streq(rule->name, "compound"))
                        continue;
                assert_true(asprintf(&tag, ".It %d\n", (int) rule->exit_status) > 0);
                begin = strstr(list, tag);
                assert_non_null(begin);
                end = strstr(begin + 1, "\n.It ");
                if (!end)
                        end = strstr(begin, "\n.El");
                assert_non_null(end);
                block = strndup(begin, (size_t) (end - begin));
                assert_row(rule->name, strstr(block, rule->name));
        }
}

static void test_problem_rule__depends_on_the_stage(void **state)
{
        _cleanup_(problem_freep) Problem *p = parse_type("unauthorized"),
                                         *malformed = parse_type("malformed");

        (void) state;
        assert_int_equal(problem_rule(p, PROBLEM_AT_REQUEST, 403)->exit_status, EXIT_REFUSED);
        assert_int_equal(problem_rule(p, PROBLEM_AT_VALIDATION, 0)->exit_status, EXIT_TRY_AGAIN);
        /* Of a request it is our fault; of a name, what some CAs say of a DNS server that hangs. */
        assert_int_equal(problem_rule(malformed, PROBLEM_AT_REQUEST, 400)->exit_status, EXIT_BUG);
        assert_int_equal(problem_rule(malformed, PROBLEM_AT_VALIDATION, 0)->exit_status,
                         EXIT_TRY_AGAIN);
}

static void test_problem_rule__of_others_by_status(void **state)
{
        static const struct {
                const char *text; /* NULL: no document */
                unsigned status;
                ExitStatus exit_status;
        } cases[] = {
                        {"{'type': 'urn:ietf:params:acme:error:brandNew'}", 400, EXIT_REFUSED},
                        {"{'type': 'urn:ietf:params:acme:error:brandNew'}", 500, EXIT_TRY_AGAIN},
                        {"{'type': 'urn:ietf:params:acme:error:'}", 403, EXIT_REFUSED},
                        {"{'type': 'badNonce'}", 403, EXIT_REFUSED},
                        {"{'type': 'https://ca.example/errors/badNonce'}", 429, EXIT_TRY_AGAIN},
                        {"{'type': 'urn:ietf:params:acme:error:malformed'}", 404, EXIT_TRY_AGAIN},
                        {"{'type': 'urn:ietf:params:acme:error:malformed'}", 400, EXIT_BUG},
                        {"{'type': 'urn:ietf:params:acme:error:unauthorized'}", 404, EXIT_REFUSED},
                        {"{'type': 'urn:ietf:params:acme:error:rejectedIdentifier'}",
                         501,
                         EXIT_REFUSED},
                        {"{}", 501, EXIT_REFUSED},
                        {"{}", 503, EXIT_TRY_AGAIN},
                        {"{}", 404, EXIT_TRY_AGAIN},
                        {"{}", 410, EXIT_TRY_AGAIN},
                        {"{}", 403, EXIT_REFUSED},
                        {NULL, 429, EXIT_TRY_AGAIN},
                        {NULL, 408, EXIT_TRY_AGAIN},
                        {NULL, 501, EXIT_REFUSED},
                        {NULL, 502, EXIT_TRY_AGAIN},
                        {NULL, 400, EXIT_REFUSED},
                        {NULL, 0, EXIT_TRY_AGAIN},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                _cleanup_(problem_freep) Problem *p = c->text ? parse(c->text) : NULL;

                assert_int_equal(problem_rule(p, PROBLEM_AT_REQUEST, c->status)->exit_status,
                                 c->exit_status);
        }
        assert_int_equal(problem_rule(NULL, PROBLEM_AT_VALIDATION, 0)->exit_status, EXIT_TRY_AGAIN);
}

static void test_problem_rule__compound_is_as_grave_as_its_gravest(void **state)
{
        _cleanup_(problem_freep) Problem *p =
                        parse("{'type': 'urn:ietf:params:acme:error:compound', 'subproblems': ["
                              "{'type': 'urn:ietf:params:acme:error:dns'},"
                              "{'type': 'urn:ietf:params:acme:error:caa'},"
                              "{'type': 'urn:ietf:params:acme:error:connection'}]}");
        _cleanup_(problem_freep) Problem *nothing = parse_type("compound");

        (void) state;
        assert_string_equal(problem_rule(p, PROBLEM_AT_VALIDATION, 0)->name, "caa");
        assert_string_equal(problem_rule(nothing, PROBLEM_AT_REQUEST, 400)->name, "compound");
}

static void test_problem_format__rfc_example(void **state)
{
        _cleanup_free_ char *text = read_vector(CORPUS "/problem/rfc8555-6.7.1.json");
        _cleanup_(problem_freep) Problem *p = NULL;
        _cleanup_strv_free_ char **lines = NULL;

        (void) state;
        assert_int_equal(problem_parse(text, strlen(text), &p), 0);
        assert_int_equal(problem_format(p, &lines), 0);
        assert_int_equal(strv_length(lines), 3);
        assert_string_equal(lines[0], "malformed: Some of the identifiers requested were rejected");
        assert_string_equal(
                        lines[1],
                        "_example.org: malformed: Invalid underscore in DNS name \"_example.org\"");
        assert_string_equal(lines[2],
                            "example.net: rejectedIdentifier: This CA will not issue for "
                            "\"example.net\"");
}

static void test_problem_format__names_the_page_to_visit(void **state)
{
        _cleanup_free_ char *text = read_vector(CORPUS "/problem/rfc8555-6.6.json");
        _cleanup_(problem_freep) Problem *p = NULL;
        _cleanup_strv_free_ char **lines = NULL;

        (void) state;
        assert_int_equal(problem_parse(text, strlen(text), &p), 0);
        assert_int_equal(problem_format(p, &lines), 0);
        assert_string_equal(lines[0],
                            "userActionRequired: Terms of service have changed, see "
                            "https://example.com/acme/agreement/?token=W8Ih3PswD-8");
}

static void test_problem_format__no_byte_of_the_ca_acts(void **state)
{
        _cleanup_free_ char *text = read_vector(CORPUS "/problem/hostile-text.json");
        _cleanup_(problem_freep) Problem *p = NULL;
        _cleanup_strv_free_ char **lines = NULL;

        (void) state;
        assert_int_equal(problem_parse(text, strlen(text), &p), 0);
        assert_int_equal(problem_format(p, &lines), 0);
        assert_int_equal(strv_length(lines), 2);
        STRV_FOREACH (line, lines)
                for (const char *c = *line; *c; c++)
                        assert_true(*c >= 0x20 && *c < 0x7f);
        assert_string_equal(lines[1], "the CA accepts the algorithms ES256, RS256");
}

static void test_problem_format__bounded(void **state)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();
        struct json_object *subs = json_object_new_array();
        _cleanup_(problem_freep) Problem *p = NULL;
        _cleanup_strv_free_ char **lines = NULL;
        char detail[8192];

        (void) state;
        memset(detail, 0x1b, sizeof(detail));
        detail[sizeof(detail) - 1] = '\0';
        json_object_object_add(object, "type", json_object_new_string(detail));
        json_object_object_add(object, "detail", json_object_new_string(detail));
        json_object_object_add(object, "subproblems", subs);
        for (size_t i = 0; i < PROBLEM_SUBPROBLEMS_MAX + 50; i++)
                json_object_array_add(subs, json_object_new_object());

        assert_int_equal(problem_from_object(object, &p), 0);
        assert_int_equal(problem_format(p, &lines), 0);
        assert_int_equal(strv_length(lines), PROBLEM_SUBPROBLEMS_MAX + 1);
        assert_true(strlen(lines[0]) < 1024);
        assert_string_equal(lines[1], "about:blank");
}

static void test_problem_parse__wrong_types_hide_nothing_else(void **state)
{
        _cleanup_(problem_freep) Problem *p =
                        parse("{'type': 7, 'title': 'Not today', 'detail': ['x'], 'status': '400',"
                              "'identifier': 'x', 'subproblems': [1, null, {'type':"
                              "'urn:ietf:params:acme:error:caa', 'subproblems': [{}]}]}");
        _cleanup_strv_free_ char **lines = NULL;

        (void) state;
        assert_string_equal(problem_type(p), "about:blank");
        assert_int_equal(problem_format(p, &lines), 0);
        assert_int_equal(strv_length(lines), 2);
        assert_string_equal(lines[0], "about:blank: Not today");
        assert_string_equal(lines[1], "caa");
}

static void test_problem_parse__refuses_what_is_no_object(void **state)
{
        static const char *const texts[] = {"", "[]", "null", "\"x\"", "<html>", "{}{}", "{\"a\":"};
        Problem *p = NULL;

        (void) state;
        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts))
                assert_int_equal(problem_parse(*text, strlen(*text), &p), -EBADMSG);
        assert_null(p);
}

/* Whom it would be of use to ask next. */
static void test_problem_rule__of_this_ca(void **state)
{
        static const struct {
                const char *type;
                ProblemStage stage;
                bool of_this_ca;
        } rows[] = {
                        {"rateLimited", PROBLEM_AT_REQUEST, true},
                        {"serverInternal", PROBLEM_AT_REQUEST, true},
                        {"badNonce", PROBLEM_AT_REQUEST, true},
                        {"orderNotReady", PROBLEM_AT_REQUEST, true},
                        {"alreadyRevoked", PROBLEM_AT_REQUEST, false},
                        {"malformed", PROBLEM_AT_REQUEST, false},
                        {"userActionRequired", PROBLEM_AT_REQUEST, false},
                        {"unauthorized", PROBLEM_AT_REQUEST, false},
                        {"unauthorized", PROBLEM_AT_VALIDATION, false},
                        {"rejectedIdentifier", PROBLEM_AT_REQUEST, false},
                        {"connection", PROBLEM_AT_VALIDATION, false},
                        {"caa", PROBLEM_AT_VALIDATION, false},
        };

        (void) state;
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *text = NULL;
                _cleanup_(problem_freep) Problem *p = NULL;

                assert_true(asprintf(&text,
                                     "{\"type\":\"urn:ietf:params:acme:error:%s\"}",
                                     row->type) > 0);
                assert_int_equal(problem_parse(text, strlen(text), &p), 0);
                assert_row(row->type,
                           problem_rule_is_of_this_ca(problem_rule(p, row->stage, 403)) ==
                                           row->of_this_ca);
        }
        assert_true(problem_rule_is_of_this_ca(problem_rule(NULL, PROBLEM_AT_REQUEST, 503)));
        assert_true(problem_rule_is_of_this_ca(problem_rule(NULL, PROBLEM_AT_REQUEST, 429)));
        assert_true(problem_rule_is_of_this_ca(problem_rule(NULL, PROBLEM_AT_REQUEST, 404)));
        assert_false(problem_rule_is_of_this_ca(problem_rule(NULL, PROBLEM_AT_REQUEST, 403)));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_problem_rules__every_error_has_a_row),
                        cmocka_unit_test(test_problem_rules__as_the_man_page_has_them),
                        cmocka_unit_test(test_problem_rule__depends_on_the_stage),
                        cmocka_unit_test(test_problem_rule__of_this_ca),
                        cmocka_unit_test(test_problem_rule__of_others_by_status),
                        cmocka_unit_test(test_problem_rule__compound_is_as_grave_as_its_gravest),
                        cmocka_unit_test(test_problem_format__rfc_example),
                        cmocka_unit_test(test_problem_format__names_the_page_to_visit),
                        cmocka_unit_test(test_problem_format__no_byte_of_the_ca_acts),
                        cmocka_unit_test(test_problem_format__bounded),
                        cmocka_unit_test(test_problem_parse__wrong_types_hide_nothing_else),
                        cmocka_unit_test(test_problem_parse__refuses_what_is_no_object),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
