/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two signers of one certificate: near has its key, far the account's. */

#include <glob.h>

#include "signer/door.h"
#include "signer/test-room.h"

#define DEFAULTS "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n"

typedef struct Pair {
        Room *near, *far;
        char *door;
} Pair;

static int setup(void **state)
{
        Pair *pair = calloc(1, sizeof(*pair));
        void *near, *far;

        assert_int_equal(room_setup(&near), 0);
        assert_int_equal(room_setup(&far), 0);
        pair->near = near;
        pair->far = far;
        assert_true(asprintf(&pair->door, "%s/door", pair->far->d->path) > 0);
        pair->far->door = DOOR_DISTANT;
        pair->near->account_door = pair->door;
        room_configure(pair->near, "[Defaults]\nCA=" ROOM_DIRECTORY "\n", "[Certificate]\n");
        *state = pair;
        return 0;
}

static int teardown(void **state)
{
        Pair *pair = *state;
        void *near = pair->near, *far = pair->far;

        room_teardown(&near);
        room_teardown(&far);
        free(pair->door);
        free(pair);
        return 0;
}

static bool has_key(Room *room, const char *pattern)
{
        _cleanup_free_ char *path = NULL;
        glob_t found;
        bool has;

        assert_true(asprintf(&path, "%s/var/lib/acme/%s", room->d->path, pattern) > 0);
        has = glob(path, 0, NULL, &found) == 0;
        if (has)
                globfree(&found);
        return has;
}

static void test_renewal__each_key_in_its_place(void **state)
{
        _cleanup_json_ struct json_object *about = NULL;
        _cleanup_free_ char *live = NULL;
        Pair *pair = *state;

        room_start(pair->far);
        room_start(pair->near);
        about = room_ask(pair->near, "Describe", NULL);
        assert_string_equal(member(about, "due"), "first");
        /* Whose word it is. */
        assert_string_equal(member(about, "termsOfServiceAgreed"), "true");
        assert_null(member(about, "account"));
        EVP_PKEY_free(room_renew(pair->near));
        live = room_live(pair->near);
        assert_non_null(live);
        room_stop(pair->near);
        room_stop(pair->far);
        assert_true(has_key(pair->far, "accounts/*/key.pem"));
        assert_false(has_key(pair->near, "accounts/*/key.pem"));
        assert_true(has_key(pair->near, "certs/*/*/privkey.pem"));
        assert_false(has_key(pair->far, "certs/*/*/privkey.pem"));
        assert_true(room_logged(pair->far, "ACME_OPERATION=FinalizeRequest"));
        assert_false(room_logged(pair->near, "ACME_OPERATION=Finalize"));
}

static void test_key_authorization__by_the_account(void **state)
{
        _cleanup_json_ struct json_object *near = NULL, *far = NULL, *digest = NULL;
        Pair *pair = *state;

        room_start(pair->far);
        room_start(pair->near);
        near = room_ask(pair->near, "KeyAuthorization", "token", ROOM_TOKEN, NULL);
        far = room_ask(pair->far, "KeyAuthorization", "token", ROOM_TOKEN, NULL);
        assert_string_equal(member(near, "keyAuthorization"), member(far, "keyAuthorization"));
        digest = room_ask(pair->near, "KeyAuthorizationDigest", "token", ROOM_TOKEN, NULL);
        assert_int_equal(strlen(member(digest, "digest")), 43);
}

static void test_errors__are_passed_on(void **state)
{
        Pair *pair = *state;

        room_configure(pair->far, "[Defaults]\nCA=" ROOM_DIRECTORY "\n", "[Certificate]\n");
        room_start(pair->far);
        room_start(pair->near);
        room_expect(pair->near,
                    "TermsNotAgreed",
                    "NewAccount",
                    "url",
                    ROOM_URL,
                    "nonce",
                    ROOM_NONCE,
                    NULL);
        room_expect(pair->near, "NoAccount", "Fetch", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
        /* The far one is not even asked. */
        room_expect(pair->near,
                    "UrlRefused",
                    "Fetch",
                    "url",
                    "https://b.example/",
                    "nonce",
                    ROOM_NONCE,
                    NULL);
}

/* What would be ordered there is not what is wanted here. */
static void test_describe__other_configurations(void **state)
{
        static const char *const rows[][2] = {
                        {DEFAULTS, "[Certificate]\nIdentifiers=b.example\n"},
                        {DEFAULTS, "[Certificate]\nIdentifiers=a.example b.example\n"},
                        {"[Defaults]\nCA=https://b.example/dir\n", "[Certificate]\n"},
        };
        Pair *pair = *state;

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                room_configure(pair->far, (*row)[0], (*row)[1]);
                room_start(pair->far);
                room_start(pair->near);
                room_expect(pair->near, "ConfigurationInvalid", "Describe", NULL);
                room_stop(pair->near);
                room_stop(pair->far);
        }
}

static void test_use__what_does_not_go_together(void **state)
{
        Pair *pair = *state;

        room_configure(pair->near, "[Defaults]\nCA=" ROOM_DIRECTORY " https://b.example/dir\n", "");
        room_start(pair->near);
        room_expect(pair->near, "ConfigurationInvalid", "Describe", NULL);
}

static void test_unreachable__nothing_is_made_here(void **state)
{
        Pair *pair = *state;

        room_start(pair->near);
        room_expect(pair->near, "AccountUnreachable", "Describe", NULL);
        room_expect(pair->near,
                    "AccountUnreachable",
                    "KeyAuthorization",
                    "token",
                    ROOM_TOKEN,
                    NULL);
        room_expect(pair->near,
                    "AccountUnreachable",
                    "NewAccount",
                    "url",
                    ROOM_URL,
                    "nonce",
                    ROOM_NONCE,
                    NULL);
        assert_false(has_key(pair->near, "accounts/*/key.pem"));
        /* It comes back while we live. */
        room_start(pair->far);
        room_expect(pair->near, NULL, "Describe", NULL);
        room_stop(pair->far);
        room_expect(pair->near, "AccountUnreachable", "Describe", NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        TEST(test_renewal__each_key_in_its_place),
                        TEST(test_key_authorization__by_the_account),
                        TEST(test_errors__are_passed_on),
                        TEST(test_describe__other_configurations),
                        TEST(test_use__what_does_not_go_together),
                        TEST(test_unreachable__nothing_is_made_here),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
