/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/test.h"
#include "config/key-type.h"

static void test_key_type__there_and_back(void **state _unused_)
{
        for (KeyType type = 0; type < KEY_TYPE_MAX; type++) {
                assert_non_null(key_type_to_string(type));
                assert_int_equal(key_type_from_string(key_type_to_string(type)), type);
        }
}

static void test_key_type__outside(void **state _unused_)
{
        static const char *const none[] = {"", "dsa", "EC-P256", "ec-p256 ", "rsa", "rsa-1024"};

        assert_null(key_type_to_string(KEY_TYPE_INVALID));
        assert_null(key_type_to_string(KEY_TYPE_MAX));
        assert_int_equal(key_type_from_string(NULL), KEY_TYPE_INVALID);
        for (size_t i = 0; i < ELEMENTSOF(none); i++)
                assert_row(none[i], key_type_from_string(none[i]) == KEY_TYPE_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_key_type__there_and_back),
                        cmocka_unit_test(test_key_type__outside),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
