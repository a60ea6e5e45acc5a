/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "acme/challenge-type.h"

static void test_challenge_type__names(void **state _unused_)
{
        for (ChallengeType t = 0; t < CHALLENGE_TYPE_MAX; t++)
                assert_int_equal(challenge_type_from_string(challenge_type_to_string(t)), t);
        assert_int_equal(challenge_type_from_string("http-02"), CHALLENGE_TYPE_INVALID);
        assert_int_equal(challenge_type_from_string("HTTP-01"), CHALLENGE_TYPE_INVALID);
        assert_int_equal(challenge_type_from_string(""), CHALLENGE_TYPE_INVALID);
        assert_true(challenge_type_has_room(CHALLENGE_TYPE_HTTP01));
}

static void test_challenge_type_can_prove__kinds(void **state _unused_)
{
        static const struct {
                ChallengeType type;
                bool name, wildcard, address;
        } cases[CHALLENGE_TYPE_MAX] = {
                        {CHALLENGE_TYPE_HTTP01, true, false, true},
                        {CHALLENGE_TYPE_DNS01, true, true, false},
                        {CHALLENGE_TYPE_TLS_ALPN01, true, false, true},
                        {CHALLENGE_TYPE_DNS_PERSIST01, true, true, false},
        };

        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                assert_int_equal(challenge_type_can_prove(c->type, "a.example", false), c->name);
                assert_int_equal(challenge_type_can_prove(c->type, "a.example", true), c->wildcard);
                assert_int_equal(challenge_type_can_prove(c->type, "192.0.2.1", false), c->address);
                assert_int_equal(challenge_type_can_prove(c->type, "fd00::1", false), c->address);
        }
}

/* "_acme-challenge." before it, 253 in all. */
static void test_challenge_type_can_prove__name_without_room_below(void **state _unused_)
{
        char name[254];

        for (size_t i = 0; i < sizeof(name); i++)
                name[i] = i % 64 == 63 ? '.' : 'a';
        name[237] = '\0';
        assert_true(challenge_type_can_prove(CHALLENGE_TYPE_DNS01, name, false));
        assert_true(challenge_type_can_prove(CHALLENGE_TYPE_DNS01, name, true));
        name[237] = 'a';
        name[238] = '\0';
        assert_false(challenge_type_can_prove(CHALLENGE_TYPE_DNS01, name, false));
        assert_false(challenge_type_can_prove(CHALLENGE_TYPE_DNS01, name, true));
        assert_true(challenge_type_can_prove(CHALLENGE_TYPE_HTTP01, name, false));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_challenge_type__names),
                        cmocka_unit_test(test_challenge_type_can_prove__kinds),
                        cmocka_unit_test(test_challenge_type_can_prove__name_without_room_below),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
