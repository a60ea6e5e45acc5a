/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/test-mutate.h"
#include "acme/token.h"
#include "acme/url.h"

static void test_acme_url_is_valid__table(void **state)
{
        static const struct {
                const char *url;
                bool valid;
        } cases[] = {
                        {"https://example.com", true},
                        {"https://example.com/", true},
                        {"HTTPS://EXAMPLE.com:8443/a/b?c=d%20e", true},
                        {"https://192.0.2.1:65535/x", true},
                        {"https://[2001:db8::1]/x", true},
                        {"https://[2001:db8::1]:14000/x", true},
                        {"https://example.com?query", true},
                        {"http://example.com/", false},
                        {"https:/example.com/", false},
                        {"https:///path", false},
                        {"https://", false},
                        {"", false},
                        {" https://example.com/", false},
                        {"https://user@example.com/", false},
                        {"https://user:password@example.com/", false},
                        {"https://good.example\\@evil.example/", false},
                        {"https://example.com/#fragment", false},
                        {"https://example.com/a b", false},
                        {"https://example.com/\n", false},
                        {"https://example.com/\x7f", false},
                        {"https://example.com/\xc3\xa9", false},
                        {"https://ex\xc3\xa4mple.com/", false},
                        {"https://example.com:/", false},
                        {"https://example.com:0/", false},
                        {"https://example.com:00443/", false},
                        {"https://example.com:65536/", false},
                        {"https://example.com:443443/", false},
                        {"https://example.com:+443/", false},
                        {"https://example.com:443x/", false},
                        {"https://example_com/", false},
                        {"https://example.com/%", false},
                        {"https://example.com/%g0", false},
                        {"https://example.com/%4", false},
                        {"https://[::1/", false},
                        {"https://[::1%25lo]/", false},
                        {"https://[example.com]/", false},
                        {"https://[1::2::3]/", false},
                        {"https://[]/", false},
                        {"file:///etc/passwd", false},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases))
                if (acme_url_is_valid(c->url) != c->valid)
                        fail_msg("%s", c->url);
        assert_false(acme_url_is_valid(NULL));
}

static void test_acme_url_is_valid__length(void **state)
{
        char url[ACME_URL_MAX + 2];

        (void) state;
        memset(url, 'a', sizeof(url));
        memcpy(url, "https://h/", strlen("https://h/"));
        url[ACME_URL_MAX] = '\0';
        assert_true(acme_url_is_valid(url));
        url[ACME_URL_MAX] = 'a';
        url[ACME_URL_MAX + 1] = '\0';
        assert_false(acme_url_is_valid(url));

        memset(url, 'a', sizeof(url));
        memcpy(url, "https://", strlen("https://"));
        url[strlen("https://") + 254] = '\0';
        assert_false(acme_url_is_valid(url));
        url[strlen("https://") + 253] = '\0';
        assert_true(acme_url_is_valid(url));
}

static void test_acme_url_origin__one_spelling(void **state)
{
        static const struct {
                const char *url;
                const char *origin;
        } cases[] = {
                        {"https://Example.COM/directory", "https://example.com"},
                        {"https://example.com:443/", "https://example.com"},
                        {"HTTPS://example.com:8443?x", "https://example.com:8443"},
                        {"https://[2001:DB8:0:0:0:0:0:1]:14000/dir", "https://[2001:db8::1]:14000"},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                _cleanup_free_ char *origin = NULL;

                assert_int_equal(acme_url_origin(c->url, &origin), 0);
                assert_string_equal(origin, c->origin);
        }
}

static void test_acme_url_origin__refuses_what_is_not_valid(void **state)
{
        char *origin = NULL;

        (void) state;
        assert_int_equal(acme_url_origin("https://a@b/", &origin), -EINVAL);
        assert_null(origin);
}

static void test_acme_url_has_origin__compares_all_three_parts(void **state)
{
        char *origins[] = {(char *) "https://a.example", (char *) "https://b.example:8443", NULL};

        (void) state;
        assert_true(acme_url_has_origin("https://a.example/x", origins));
        assert_true(acme_url_has_origin("https://A.EXAMPLE:443/x", origins));
        assert_true(acme_url_has_origin("https://b.example:8443/x", origins));
        assert_false(acme_url_has_origin("https://b.example/x", origins));
        assert_false(acme_url_has_origin("https://a.example:8443/x", origins));
        assert_false(acme_url_has_origin("https://a.example.evil.example/x", origins));
        assert_false(acme_url_has_origin("https://a.example./x", origins));
        assert_false(acme_url_has_origin("http://a.example/x", origins));
        assert_false(acme_url_has_origin("https://a.example@evil.example/x", origins));
        assert_false(acme_url_has_origin("https://a.example/x", NULL));
}

static void test_acme_token_is_valid__table(void **state)
{
        char token[ACME_TOKEN_MAX + 2];

        (void) state;
        assert_true(acme_token_is_valid("DGyRejmCefe7v4NfDGDKfA"));
        assert_true(acme_token_is_valid("LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"));
        assert_false(acme_token_is_valid(NULL));
        assert_false(acme_token_is_valid(""));
        assert_false(acme_token_is_valid("DGyRejmCefe7v4NfDGDKf"));
        assert_false(acme_token_is_valid("DGyRejmCefe7v4NfDGDKf="));
        assert_false(acme_token_is_valid("../../../../../../etc/passwd"));
        assert_false(acme_token_is_valid("DGyRejmCefe7v4NfDGDKfA\n"));

        memset(token, 'a', sizeof(token));
        token[ACME_TOKEN_MAX + 1] = '\0';
        assert_false(acme_token_is_valid(token));
        token[ACME_TOKEN_MAX] = '\0';
        assert_true(acme_token_is_valid(token));
}

static void test_acme_nonce_is_valid__table(void **state)
{
        (void) state;
        assert_true(acme_nonce_is_valid("oFvnlFP1wIhRlYS2jTaXbA"));
        assert_true(acme_nonce_is_valid("a"));
        assert_false(acme_nonce_is_valid(NULL));
        assert_false(acme_nonce_is_valid(""));
        assert_false(acme_nonce_is_valid("a b"));
        assert_false(acme_nonce_is_valid("a\",\"alg\":\"none"));
}

static void test_acme_url_is_apart__table(void **state)
{
        static const struct {
                const char *url, *other;
                bool expected;
        } cases[] = {
                        {"https://a/acme/authz/1/2", "https://a/acme/acct/1", true},
                        {"https://a/authZ/x-_Y", "https://a/my-account/1", true},
                        {"https://a/acme/authz/1", "https://b/acme/acct/1", true},
                        {"https://a/acct", "https://a/acct/1", true},
                        {"https://a/acme/acct/1", "https://a/acme/acct/1", false},
                        {"https://a/acme/acct/1", "https://b/acme/acct/1", false},
                        {"https://a/acme/acct/2", "https://a/acme/acct/1", false},
                        {"https://a/ACME/Acct/1", "https://a/acme/acct/1", false},
                        {"https://a/acme/acct/1/authz/2", "https://a/acme/acct/1", false},
                        {"https://a/x?acme/acct/1", "https://a/acme/acct/1", false},
                        {"https://a/x/../acme/acct/1", "https://a/acme/acct/1", false},
                        {"https://a/acme/authz/%31", "https://a/acme/acct/1", false},
                        {"https://a/acme//acct/1", "https://a/acme/acct/1", false},
                        {"https://a/acme/acct;x/1", "https://a/acme/acct/1", false},
                        {"https://a/authz/1", "https://a/acct?id=1", false},
                        {"https://a/authz/1", "https://a/1", false},
                        {"https://a/authz/1/", "https://a/acct/1", false},
                        {"https://a/", "https://a/acct/1", false},
                        {"https://a", "https://a/acct/1", false},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases))
                assert_row(c->url, acme_url_is_apart(c->url, c->other) == c->expected);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_acme_url_is_apart__table),
                        cmocka_unit_test(test_acme_url_is_valid__table),
                        cmocka_unit_test(test_acme_url_is_valid__length),
                        cmocka_unit_test(test_acme_url_origin__one_spelling),
                        cmocka_unit_test(test_acme_url_origin__refuses_what_is_not_valid),
                        cmocka_unit_test(test_acme_url_has_origin__compares_all_three_parts),
                        cmocka_unit_test(test_acme_token_is_valid__table),
                        cmocka_unit_test(test_acme_nonce_is_valid__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
