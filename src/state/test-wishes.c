/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/test.h"
#include "state/wishes.h"

static char *profiles[] = {(char *) "classic", (char *) "shortlived", NULL};
static const Config nothing = {};
static const Config all = {
                .profiles = profiles,
                .preferred_chain = (char *) "ISRG Root X1",
                .lifetime_usec = 10 * USEC_PER_DAY,
                .backdate_usec = USEC_PER_HOUR,
};

static char **wishes_of(const Config *config)
{
        char **list = NULL;

        assert_int_equal(wishes_format(config, &list), 0);
        return list;
}

static void assert_changed(char *const *wishes, const Config *config, const char *expected)
{
        _cleanup_strv_free_ char **changed = NULL;
        _cleanup_free_ char *text = NULL;

        assert_int_equal(wishes_changed(wishes, config, &changed), 0);
        assert_int_equal(strv_join(changed, " ", &text), 0);
        assert_string_equal(text, expected);
}

static void test_wishes_format__one_for_each(_unused_ void **unused)
{
        _cleanup_strv_free_ char **list = wishes_of(&all), **none = wishes_of(&nothing);

        assert_int_equal(strv_length(list), 4);
        assert_int_equal(strv_length(none), 4);
        assert_string_equal(list[0], "Profile=classic shortlived");
        assert_string_equal(list[1], "PreferredChain=ISRG Root X1");
        assert_string_equal(none[1], "PreferredChain=");
}

static void test_wishes_changed__each_by_its_name(_unused_ void **unused)
{
        _cleanup_strv_free_ char **set = wishes_of(&all), **none = wishes_of(&nothing);
        Config other = all;

        assert_changed(set, &all, "");
        assert_changed(none, &nothing, "");
        assert_changed(none, &all, "Profile= PreferredChain= Lifetime= Backdate=");
        assert_changed(set, &nothing, "Profile= PreferredChain= Lifetime= Backdate=");
        other.lifetime_usec = USEC_PER_DAY;
        assert_changed(set, &other, "Lifetime=");
        other.preferred_chain = NULL;
        assert_changed(set, &other, "PreferredChain= Lifetime=");
}

static void test_wishes_changed__of_what_nobody_knows(_unused_ void **unused)
{
        char *some[] = {(char *) "Profile=", (char *) "Other=x", NULL};

        assert_changed(NULL, &all, "");
        assert_changed(some, &all, "Profile=");
}

static void test_wishes_has_other_moments__those_alone(_unused_ void **unused)
{
        _cleanup_strv_free_ char **set = wishes_of(&all);
        Config other = all;

        assert_int_equal(wishes_has_other_moments(set, &all), 0);
        other.preferred_chain = NULL;
        other.profiles = NULL;
        assert_int_equal(wishes_has_other_moments(set, &other), 0);
        other.lifetime_usec = 0;
        assert_int_equal(wishes_has_other_moments(set, &other), 1);
        other.lifetime_usec = all.lifetime_usec;
        other.backdate_usec += USEC_PER_HOUR;
        assert_int_equal(wishes_has_other_moments(set, &other), 1);
        assert_int_equal(wishes_has_other_moments(NULL, &other), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_wishes_format__one_for_each),
                        cmocka_unit_test(test_wishes_changed__each_by_its_name),
                        cmocka_unit_test(test_wishes_changed__of_what_nobody_knows),
                        cmocka_unit_test(test_wishes_has_other_moments__those_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
