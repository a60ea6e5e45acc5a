/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Directory, order, authorization, challenge, account: RFC 8555's own examples, then each with one
 * member made bad. */

#include "acme/test-mutate.h"

#include "acme/account.h"
#include "acme/authorization.h"
#include "acme/directory.h"
#include "acme/order.h"

typedef struct Mutation {
        const char *parent, *name, *value;
        int r;
        const char *field; /* when r is not 0 */
} Mutation;

#define BAD_URLS(parent, name)                                                                     \
        {parent, name, "'http://example.com/'", -EBADMSG, name},                                   \
                        {parent, name, "'https://a@example.com/'", -EBADMSG, name},                \
                        {parent, name, "7", -EBADMSG, name},                                       \
        {                                                                                          \
                parent, name, "''", -EBADMSG, name                                                 \
        }

static void check(const Mutation *m, int r, const char *field)
{
        if (r != m->r || (m->r < 0 && !streq_ptr(field, m->field)))
                fail_msg("%s=%s: %d, %s",
                         m->name,
                         m->value ? m->value : "-",
                         r,
                         field ? field : "-");
}

static void test_directory_parse__rfc_example(void **state)
{
        _cleanup_(directory_freep) Directory *d = NULL;
        _cleanup_free_ char *text = read_vector(CORPUS "/directory/rfc8555-7.1.1.json");
        const char *field;

        (void) state;
        assert_int_equal(directory_parse(text, strlen(text), &d, &field), 0);
        assert_string_equal(d->new_nonce, "https://example.com/acme/new-nonce");
        assert_string_equal(d->new_account, "https://example.com/acme/new-account");
        assert_string_equal(d->new_order, "https://example.com/acme/new-order");
        assert_string_equal(d->terms_of_service, "https://example.com/acme/terms/2017-5-30");
        assert_false(d->external_account_required);
}

static void test_directory_parse__one_member_bad(void **state)
{
        static const Mutation mutations[] = {
                        {NULL, "meta", NULL, 0},
                        {NULL, "meta", "null", 0},
                        {NULL, "renewalInfo", NULL, 0},
                        {NULL, "renewalInfo", "'https://example.com/renewal-info'", 0},
                        BAD_URLS(NULL, "renewalInfo"),
                        {NULL, "newAuthz", NULL, 0},
                        {NULL, "newAuthz", "[1]", 0},
                        {NULL, "unheardOf", "{'a': [{}]}", 0},
                        {"meta", "termsOfService", NULL, 0},
                        {"meta", "termsOfService", "'http://example.com/tos'", 0},
                        {"meta", "termsOfService", "[1]", -EBADMSG, "termsOfService"},
                        {"meta",
                         "externalAccountRequired",
                         "'yes'",
                         -EBADMSG,
                         "externalAccountRequired"},
                        {NULL, "newNonce", NULL, -EBADMSG, "newNonce"},
                        {NULL, "newAccount", NULL, -EBADMSG, "newAccount"},
                        {NULL, "newOrder", NULL, -EBADMSG, "newOrder"},
                        BAD_URLS(NULL, "newNonce"),
                        BAD_URLS(NULL, "newAccount"),
                        BAD_URLS(NULL, "newOrder"),
        };
        _cleanup_free_ char *good = read_vector(CORPUS "/directory/rfc8555-7.1.1.json");

        (void) state;
        FOREACH_ARRAY (m, mutations, ELEMENTSOF(mutations)) {
                _cleanup_free_ char *text = with_member(good, m->parent, m->name, m->value);
                _cleanup_(directory_freep) Directory *d = NULL;
                const char *field = NULL;
                int r;

                r = directory_parse(text, strlen(text), &d, &field);
                check(m, r, field);
                assert_true(!d == (m->r != 0));
        }
}

static void test_order_parse__rfc_example(void **state)
{
        char *names[] = {(char *) "example.org", (char *) "www.example.org", NULL};
        _cleanup_free_ char *text = read_vector(CORPUS "/order/rfc8555-7.1.3.json");
        _cleanup_(order_freep) Order *o = NULL;
        const char *field;

        (void) state;
        assert_int_equal(order_parse(text, strlen(text), &o, &field), 0);
        assert_int_equal(o->status, ORDER_VALID);
        assert_true(o->expires_usec == 1453298947 * USEC_PER_SEC);
        assert_true(order_is_for(o, names));
        assert_false(order_is_for(o, names + 1));
        assert_int_equal(strv_length(o->authorizations), 2);
        assert_string_equal(o->finalize, "https://example.com/acme/order/TOlocE8rfgo/finalize");
        assert_string_equal(o->certificate, "https://example.com/acme/cert/jWCdfHVGY2M");
        assert_null(o->error);
}

static void test_order_parse__lists_are_sets(void **state)
{
        char *names[] = {(char *) "a.example", (char *) "b.example", NULL};
        _cleanup_free_ char *text =
                        unquote("{'status': 'pending', 'finalize': 'https://a/f', 'identifiers': ["
                                "{'type': 'dns', 'value': 'B.example'}, {'type': 'dns', 'value': "
                                "'a.example'},"
                                "{'value': 'b.EXAMPLE', 'type': 'dns'}], 'authorizations': ["
                                "'https://a/2', 'https://a/1', 'https://a/2', 'https://a/3'],"
                                "'error': {'type': 'urn:ietf:params:acme:error:caa'}}");
        _cleanup_(order_freep) Order *o = NULL;
        const char *field;

        (void) state;
        assert_int_equal(order_parse(text, strlen(text), &o, &field), 0);
        assert_true(order_is_for(o, names));
        assert_int_equal(strv_length(o->authorizations), 3);
        assert_true(o->expires_usec == USEC_INFINITY);
        assert_null(o->certificate);
        assert_true(problem_is(o->error, "caa"));
}

static void test_order_parse__one_member_bad(void **state)
{
        static const Mutation mutations[] = {
                        {NULL, "expires", NULL, 0},
                        {NULL, "expires", "null", 0},
                        {NULL, "notBefore", "7", 0},
                        {NULL, "replaces", "{}", 0},
                        {NULL, "authorizations", "[]", 0},
                        {NULL, "status", "'processing'", 0},
                        {NULL, "status", NULL, -EBADMSG, "status"},
                        {NULL, "status", "'VALID'", -EBADMSG, "status"},
                        {NULL, "status", "'deactivated'", -EBADMSG, "status"},
                        {NULL, "status", "true", -EBADMSG, "status"},
                        {NULL, "expires", "'tomorrow'", -EBADMSG, "expires"},
                        {NULL, "expires", "1453298947", -EBADMSG, "expires"},
                        {NULL, "identifiers", NULL, -EBADMSG, "identifiers"},
                        {NULL, "identifiers", "[]", -EBADMSG, "identifiers"},
                        {NULL, "identifiers", "['example.org']", -EBADMSG, "identifiers"},
                        {NULL, "identifiers", "[null]", -EBADMSG, "identifiers"},
                        {"identifiers", "type", "'ip'", -EBADMSG, "identifiers"},
                        {"identifiers", "type", "'email'", -EBADMSG, "identifiers"},
                        {"identifiers", "value", "'192.0.2.1'", -EBADMSG, "identifiers"},
                        {"identifiers", "value", "'a b'", -EBADMSG, "identifiers"},
                        {"identifiers", "value", "''", -EBADMSG, "identifiers"},
                        {"identifiers", "value", NULL, -EBADMSG, "identifiers"},
                        {NULL, "authorizations", NULL, -EBADMSG, "authorizations"},
                        {NULL,
                         "authorizations",
                         "'https://example.com/'",
                         -EBADMSG,
                         "authorizations"},
                        {NULL,
                         "authorizations",
                         "['http://example.com/']",
                         -EBADMSG,
                         "authorizations"},
                        {NULL, "authorizations", "[['https://a/']]", -EBADMSG, "authorizations"},
                        {NULL, "certificate", NULL, -EBADMSG, "certificate"},
                        {NULL, "error", "'broken'", -EBADMSG, "error"},
                        {NULL, "finalize", NULL, -EBADMSG, "finalize"},
                        BAD_URLS(NULL, "finalize"),
                        BAD_URLS(NULL, "certificate"),
        };
        _cleanup_free_ char *good = read_vector(CORPUS "/order/rfc8555-7.1.3.json");

        (void) state;
        FOREACH_ARRAY (m, mutations, ELEMENTSOF(mutations)) {
                _cleanup_free_ char *text = with_member(good, m->parent, m->name, m->value);
                _cleanup_(order_freep) Order *o = NULL;
                const char *field = NULL;
                int r;

                r = order_parse(text, strlen(text), &o, &field);
                check(m, r, field);
                assert_true(!o == (m->r != 0));
        }
}

static void test_authorization_parse__rfc_example(void **state)
{
        _cleanup_free_ char *text = read_vector(CORPUS "/authorization/rfc8555-7.1.4.json");
        _cleanup_(authorization_freep) Authorization *a = NULL;
        const Challenge *c;
        const char *field;

        (void) state;
        assert_int_equal(authorization_parse(text, strlen(text), &a, &field), 0);
        assert_int_equal(a->status, AUTHORIZATION_VALID);
        assert_string_equal(a->identifier, "www.example.org");
        c = authorization_challenge(a, CHALLENGE_TYPE_HTTP01);
        assert_non_null(c);
        assert_int_equal(c->status, CHALLENGE_VALID);
        assert_string_equal(c->url, "https://example.com/acme/chall/prV_B7yEyA4");
        assert_string_equal(c->token, "DGyRejmCefe7v4NfDGDKfA");
        assert_null(authorization_error(a));
}

static void test_authorization_parse__types_nobody_knows(void **state)
{
        _cleanup_free_ char *text = read_vector(CORPUS "/authorization/unknown-types.json");
        _cleanup_(authorization_freep) Authorization *a = NULL;
        const Challenge *c;
        const char *field;

        (void) state;
        assert_int_equal(authorization_parse(text, strlen(text), &a, &field), 0);
        assert_int_equal(a->n_challenges, 3);
        c = authorization_challenge(a, CHALLENGE_TYPE_HTTP01);
        assert_non_null(c);
        assert_int_equal(c->status, CHALLENGE_PROCESSING);
        assert_null(authorization_challenge(a, CHALLENGE_TYPE_TLS_ALPN01));
        assert_non_null(authorization_error(a));
}

static void test_authorization_parse__says_why_it_failed(void **state)
{
        _cleanup_free_ char *text = read_vector(CORPUS "/authorization/invalid.json");
        _cleanup_(authorization_freep) Authorization *a = NULL;
        const char *field;

        (void) state;
        assert_int_equal(authorization_parse(text, strlen(text), &a, &field), 0);
        assert_int_equal(a->status, AUTHORIZATION_INVALID);
        assert_true(problem_is(authorization_error(a), "connection"));
}

static void test_authorization_parse__one_member_bad(void **state)
{
        static const Mutation mutations[] = {
                        {NULL, "expires", "7", 0},
                        {NULL, "wildcard", "'maybe'", -EBADMSG, "wildcard"},
                        {NULL, "wildcard", "true", 0},
                        {NULL, "status", "'deactivated'", 0},
                        {NULL, "status", "'ready'", -EBADMSG, "status"},
                        {NULL, "status", NULL, -EBADMSG, "status"},
                        {NULL, "identifier", NULL, -EBADMSG, "identifier"},
                        {NULL, "identifier", "'www.example.org'", -EBADMSG, "identifier"},
                        {"identifier", "type", "'ip'", -EBADMSG, "identifier"},
                        {"identifier", "value", "'a\\nb'", -EBADMSG, "identifier"},
                        {NULL, "challenges", NULL, -EBADMSG, "challenges"},
                        {NULL, "challenges", "{}", -EBADMSG, "challenges"},
                        {NULL, "challenges", "[7]", -EBADMSG, "challenges"},
                        {"challenges", "type", NULL, -EBADMSG, "type"},
                        {"challenges", "type", "'http-02'", 0},
                        {"challenges",
                         "token",
                         "'../../../../../../etc/passwd'",
                         -EBADMSG,
                         "token"},
                        {"challenges", "token", "'short'", -EBADMSG, "token"},
                        {"challenges", "token", NULL, -EBADMSG, "token"},
                        {"challenges", "status", "'expired'", -EBADMSG, "status"},
                        {"challenges", "error", "'broken'", 0},
                        {"challenges", "error", "null", 0},
                        BAD_URLS("challenges", "url"),
        };
        _cleanup_free_ char *good = read_vector(CORPUS "/authorization/rfc8555-7.1.4.json");

        (void) state;
        FOREACH_ARRAY (m, mutations, ELEMENTSOF(mutations)) {
                _cleanup_free_ char *text = with_member(good, m->parent, m->name, m->value);
                _cleanup_(authorization_freep) Authorization *a = NULL;
                const char *field = NULL;
                int r;

                r = authorization_parse(text, strlen(text), &a, &field);
                check(m, r, field);
                assert_true(!a == (m->r != 0));
        }
}

static void test_authorization_parse__too_many_challenges(void **state)
{
        char text[16384], *p = text;
        _cleanup_(authorization_freep) Authorization *a = NULL;
        const char *field;

        (void) state;
        p = stpcpy(p,
                   "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a."
                   "example\"},"
                   "\"challenges\":[{\"type\":\"x\"}");
        for (size_t i = 0; i < AUTHORIZATION_CHALLENGES_MAX; i++)
                p = stpcpy(p, ",{\"type\":\"x\"}");
        p = stpcpy(p, "]}");
        assert_int_equal(authorization_parse(text, strlen(text), &a, &field), -EBADMSG);
        assert_string_equal(field, "challenges");
}

static void test_challenge_parse_text__reply_to_an_answer(void **state)
{
        _cleanup_free_ char *text =
                        unquote("{'type': 'http-01', 'url': 'https://a/c', 'status': 'processing',"
                                "'token': 'DGyRejmCefe7v4NfDGDKfA'}");
        _cleanup_(challenge_freep) Challenge *c = NULL, *none = NULL;
        const char *field;

        (void) state;
        assert_int_equal(challenge_parse_text(text, strlen(text), &c, &field), 0);
        assert_int_equal(c->status, CHALLENGE_PROCESSING);
        assert_int_equal(challenge_parse_text("[]", 2, &none, &field), -EBADMSG);
        assert_int_equal(challenge_parse_text("", 0, &none, &field), -EBADMSG);
        assert_null(none);
}

static void test_account_status_parse__table(void **state)
{
        static const struct {
                const char *text;
                int r;
                AccountStatus status;
        } cases[] = {
                        {"{'status': 'valid', 'orders': 'https://a/'}", 0, ACCOUNT_VALID},
                        {"{'status': 'deactivated'}", 0, ACCOUNT_DEACTIVATED},
                        {"{'status': 'revoked'}", 0, ACCOUNT_REVOKED},
                        {"{'status': 'pending'}", -EBADMSG},
                        {"{}", -EBADMSG},
                        {"[]", -EBADMSG},
                        {"", -EBADMSG},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                _cleanup_free_ char *text = unquote(c->text);
                AccountStatus status;

                assert_int_equal(account_status_parse(text, strlen(text), &status), c->r);
                if (c->r == 0)
                        assert_int_equal(status, c->status);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_directory_parse__rfc_example),
                        cmocka_unit_test(test_directory_parse__one_member_bad),
                        cmocka_unit_test(test_order_parse__rfc_example),
                        cmocka_unit_test(test_order_parse__lists_are_sets),
                        cmocka_unit_test(test_order_parse__one_member_bad),
                        cmocka_unit_test(test_authorization_parse__rfc_example),
                        cmocka_unit_test(test_authorization_parse__types_nobody_knows),
                        cmocka_unit_test(test_authorization_parse__says_why_it_failed),
                        cmocka_unit_test(test_authorization_parse__one_member_bad),
                        cmocka_unit_test(test_authorization_parse__too_many_challenges),
                        cmocka_unit_test(test_challenge_parse_text__reply_to_an_answer),
                        cmocka_unit_test(test_account_status_parse__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
