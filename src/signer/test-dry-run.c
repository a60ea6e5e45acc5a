/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A dry run: whatever its client calls, what is live, and what is remembered of it, stays as it is.
 */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "signer/door.h"
#include "signer/test-room.h"

#define DEFAULTS "[Defaults]\nTermsOfServiceAgreed=yes\nContact=mailto:a@example.org\nCA="
#define STATE ROOM_CERTS "/" STATE_FILE

static char *read_state(Room *room)
{
        size_t length;
        char *text;

        assert_int_equal(file_read(room->d->fd, STATE, STATE_BYTES_MAX, 0, &text, &length), 0);
        return text;
}

/* One certificate is live, by the CA of the tests, which is a twin from then on. */
static char *begin(Room *room, const char *certificate)
{
        static const char real[] = "[CA]\nDirectory=https://real.example/dir\n"
                                   "Staging=" ROOM_DIRECTORY "\n";

        room_start(room);
        EVP_PKEY_free(room_renew(room));
        room_stop(room);
        assert_int_equal(mkdirat(room->d->fd, "etc/acme/ca.d", 0755), 0);
        assert_int_equal(file_create(room->d->fd,
                                     "etc/acme/ca.d/real.conf",
                                     real,
                                     strlen(real),
                                     0644),
                         0);
        room_configure(room, DEFAULTS "real\n", certificate);
        return read_state(room);
}

static void expect_untouched(Room *room, const char *state)
{
        _cleanup_free_ char *live = room_live(room), *now = read_state(room);

        assert_string_equal(live, "1");
        assert_string_equal(now, state);
        assert_false(room_has(room, ROOM_CERTS "/2"));
        assert_false(room_has(room, ROOM_CERTS "/pending"));
}

static void test_dry_run__all_the_way(void **state)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *before = NULL;
        Room *room = *state;

        before = begin(room, "[Certificate]\nDryRun=yes\n");
        room_start(room);
        reply = room_ask(room, "Describe", NULL);
        assert_string_equal(member(reply, "directory"), ROOM_DIRECTORY);
        assert_string_equal(member(reply, "due"), "first");
        assert_null(member(reply, "order"));
        EVP_PKEY_free(room_renew(room));
        expect_untouched(room, before);
        room_stop(room);
        expect_untouched(room, before);
        assert_true(room_logged(room, "dry run"));
}

static void test_dry_run__whatever_is_called(void **state)
{
        _cleanup_free_ char *before = NULL, *chain = NULL;
        Room *room = *state;

        before = begin(room, "[Certificate]\nDryRun=yes\nPlaceholder=yes\nRenewKey=no\n");
        room_start(room);
        room_register(room);
        room_expect(room, NULL, "SetOrder", "order", ROOM_ORDER, NULL);
        room_expect(room, NULL, "SetChallenge", "identifier", ROOM_NAME, "type", "http-01", NULL);
        room_expect(room, NULL, "ReportFailure", "=outcome", "75", NULL);
        room_expect(room, "NoCertificate", "SetRenewalInfo", NULL);
        room_expect(room, "PlaceholderRefused", "InstallPlaceholder", NULL);
        /* Refused as a real one would be, and for another key than the live one's. */
        chain = room_issue(room_finalize(room), "DNS:other.example", NULL);
        room_expect(room, "ChainRefused", "Install", "chain", chain, NULL);
        room_expect(room, NULL, "ForgetOrder", NULL);
        room_expect(room, NULL, "ForgetAccount", NULL);
        expect_untouched(room, before);
        room_kill(room);
        expect_untouched(room, before);
}

/* Whether or not there was a certificate of the first. */
static void test_dry_run__two_key_types(void **state)
{
        _cleanup_free_ char *before = NULL;
        Room *room = *state;

        before = begin(room, "[Certificate]\nDryRun=yes\nKeyType=ec-p256 rsa-2048\n");
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_json_ struct json_object *next = NULL, *none = NULL;
                EVP_PKEY *key;

                room_start(room);
                if (i == 0)
                        EVP_PKEY_free(room_renew(room));
                next = room_ask(room, "NextKeyType", NULL);
                assert_string_equal(member(next, "next"), "rsa-2048");
                key = room_renew(room);
                assert_true(EVP_PKEY_is_a(key, "RSA"));
                EVP_PKEY_free(key);
                none = room_ask(room, "NextKeyType", NULL);
                assert_null(member(none, "next"));
                room_stop(room);
                expect_untouched(room, before);
        }
}

static void test_dry_run__revokes_nothing(void **state)
{
        _cleanup_free_ char *before = NULL;
        Room *room = *state;

        before = begin(room, "[Certificate]\nDryRun=yes\n");
        room->door = DOOR_REVOKE;
        room_start(room);
        room_expect(room, "StoreFailed", "DescribeRevocation", NULL);
        room_expect(room, "StoreFailed", "Revoke", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
        expect_untouched(room, before);
}

static void test_dry_run__no_twin(void **state)
{
        _cleanup_free_ char *before = NULL;
        Room *room = *state;

        before = begin(room, "[Certificate]\nDryRun=yes\nCA=" ROOM_DIRECTORY "\n");
        room_start(room);
        room_expect(room, "ConfigurationInvalid", "Describe", NULL);
        expect_untouched(room, before);
}

#define test_of(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of(test_dry_run__all_the_way),
                        test_of(test_dry_run__whatever_is_called),
                        test_of(test_dry_run__two_key_types),
                        test_of(test_dry_run__revokes_nothing),
                        test_of(test_dry_run__no_twin),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
