/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/test.h"
#include "proving/wanted.h"

#define TOKEN "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"

#define CHALLENGE(type, identifier, token)                                                         \
        "{\"type\":\"" type "\",\"identifier\":\"" identifier "\",\"token\":\"" token "\"}"

#define PERSISTENT(type, members)                                                                  \
        "[{\"type\":\"" type "\",\"identifier\":\"a.example\"" members "}]"
#define ISSUER ",\"issuer\":\"ca.example\""

static bool is_ours(const char *identifier, const void *userdata)
{
        return streq(identifier, userdata);
}

/* Return: the member that is refused; "" none is. */
static const char *read_text(const char *text, const WantedRules *rules, char *const buffer)
{
        _cleanup_json_ struct json_object *list = NULL;
        _cleanup_(refusal_done) Refusal refusal = {};
        _cleanup_free_ Wanted *wanted = NULL;

        assert_int_equal(json_parse(text, strlen(text), &list), 0);
        assert_int_equal(wanted_read(rules, list, 0, &wanted, &refusal), 0);
        if (!refusal.error)
                return "";
        assert_string_equal(refusal.error, "io.acmeward.Challenge.ChallengeRefused");
        assert_string_equal(refusal.member, "member");
        return strcpy(buffer, refusal.text);
}

static void test_wanted_read__table(void **state _unused_)
{
        static const struct {
                const char *text, *member;
        } rows[] = {
                        {"[]", ""},
                        {"[" CHALLENGE("dns-01", "a.example", TOKEN) "]", ""},
                        {"[1]", "challenges"},
                        {"[{}]", "type"},
                        {"[{\"\\u001b[31m\":1}]", "challenges"},
                        {"[" CHALLENGE("http-01", "a.example", TOKEN) "]", "type"},
                        {"[" CHALLENGE("dns-02", "a.example", TOKEN) "]", "type"},
                        {"[" CHALLENGE("dns-01", "b.example", TOKEN) "]", "identifier"},
                        {"[" CHALLENGE("dns-01", "*.a.example", TOKEN) "]", "identifier"},
                        {"[" CHALLENGE("dns-01", "192.0.2.1", TOKEN) "]", "identifier"},
                        {"[" CHALLENGE("dns-01", "a.example\\n", TOKEN) "]", "identifier"},
                        {"[" CHALLENGE("dns-01", "a.example", "../" TOKEN) "]", "token"},
                        /* The second is looked at before the first is done. */
                        {"[" CHALLENGE("dns-01", "a.example", TOKEN) "," CHALLENGE("dns-01",
                                                                                   "a.example",
                                                                                   "short") "]",
                         "token"},
        };
        const WantedRules rules = {CHALLENGE_TYPE_DNS01, false, is_ours, "a.example"};
        char buffer[256];

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                assert_row(row->text, streq(read_text(row->text, &rules, buffer), row->member));
}

static void test_wanted_read__persistent(void **state _unused_)
{
        static const struct {
                const char *text, *member;
        } rows[] = {
                        {PERSISTENT("dns-persist-01", ISSUER), ""},
                        {PERSISTENT("dns-persist-01",
                                    ISSUER ",\"accountUri\":\"https://ca.example/1\""),
                         ""},
                        {PERSISTENT("dns-persist-01", ""), "issuer"},
                        {PERSISTENT("dns-persist-01", ",\"issuer\":\"ca.example;x\""), "issuer"},
                        {PERSISTENT("dns-persist-01", ISSUER ",\"token\":\"" TOKEN "\""), "token"},
                        {PERSISTENT("dns-persist-01", ISSUER ",\"accountUri\":\"x\""),
                         "accountUri"},
                        {PERSISTENT("dns-01", ISSUER), "token"},
                        {PERSISTENT("dns-01", ISSUER ",\"token\":\"" TOKEN "\""), "issuer"},
        };
        const WantedRules rules = {CHALLENGE_TYPE_DNS01, true, is_ours, "a.example"},
                          none = {.type = CHALLENGE_TYPE_INVALID, .is_persistent = true},
                          others = {.type = CHALLENGE_TYPE_DNS01};
        char buffer[256];

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                assert_row(row->text, streq(read_text(row->text, &rules, buffer), row->member));
        assert_string_equal(read_text(rows[0].text, &none, buffer), "");
        assert_string_equal(
                        read_text("[" CHALLENGE("dns-01", "a.example", TOKEN) "]", &none, buffer),
                        "type");
        assert_string_equal(read_text(rows[0].text, &others, buffer), "type");
}

static void test_wanted_read__anybodys(void **state _unused_)
{
        const WantedRules rules = {.type = CHALLENGE_TYPE_HTTP01};
        char buffer[256];

        assert_string_equal(
                        read_text("[" CHALLENGE("http-01", "192.0.2.1", TOKEN) "]", &rules, buffer),
                        "");
        /* A wildcard is no name that port 80 proves. */
        assert_string_equal(read_text("[" CHALLENGE("http-01", "*.a.example", TOKEN) "]",
                                      &rules,
                                      buffer),
                            "identifier");
}

static void test_wanted_read__too_many(void **state _unused_)
{
        static const char text[] = "[" CHALLENGE("http-01", "a.example", TOKEN) "]";
        const WantedRules rules = {.type = CHALLENGE_TYPE_HTTP01};
        _cleanup_json_ struct json_object *list = NULL;

        assert_int_equal(json_parse(text, strlen(text), &list), 0);
        for (size_t n = CHALLENGES_MAX - 1; n <= CHALLENGES_MAX; n++) {
                _cleanup_(refusal_done) Refusal refusal = {};
                _cleanup_free_ Wanted *wanted = NULL;

                assert_int_equal(wanted_read(&rules, list, n, &wanted, &refusal), 0);
                assert_int_equal(refusal.error != NULL, n == CHALLENGES_MAX);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_wanted_read__table),
                        cmocka_unit_test(test_wanted_read__persistent),
                        cmocka_unit_test(test_wanted_read__anybodys),
                        cmocka_unit_test(test_wanted_read__too_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
