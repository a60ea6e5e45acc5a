/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a machine that has the ssh key may ask for. */

#include "bridge/door-word.h"

#include "base/test.h"

static void test_door_word_of_command__table(void **state)
{
        static const struct {
                const char *command, *word;
        } rows[] = {
                        {"acme-signer-bridge a.example renew", "renew"},
                        {"acme-signer-bridge a.example challenge", "challenge"},
                        {"acme-signer-bridge b.example renew", NULL},
                        {"acme-signer-bridge a.example.org renew", NULL},
                        {"acme-signer-bridge a.example", NULL},
                        {"acme-signer-bridge a.example ", NULL},
                        {"acme-signer-bridge a.example renew; id", NULL},
                        {"acme-signer-bridge a.example renew\n", NULL},
                        {"acme-signer-bridge a.example renew renew", NULL},
                        {" acme-signer-bridge a.example renew", NULL},
                        {"acme-signer-bridge  a.example renew", NULL},
                        {"acme-signer-bridge a.example  renew", NULL},
                        {"/usr/lib/acmeward/acme-signer-bridge a.example renew", NULL},
                        {"acme-signer-bridge a.example ../renew", NULL},
                        {"acme-signer-bridge a.example renew/b", NULL},
                        {"acme-signer-bridge a.example aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
                        {"acme-signer-bridge a.example aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
                        {"sh", NULL},
                        {"", NULL},
        };

        (void) state;
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                DoorWord word = {};
                int r = door_word_of_command(row->command, "a.example", &word);

                assert_row(row->command, r == (row->word ? 0 : -EINVAL));
                assert_row(row->command, streq(word.text, row->word ?: ""));
        }
}

static void test_door_word_of_path__table(void **state)
{
        static const struct {
                const char *path, *word;
        } rows[] = {
                        {"/run/acme/signer/a", "renew"},
                        {"/run/acme/signer-for-challenge/a", "challenge"},
                        {"/run/acme/bridge/renew/a", "renew"},
                        {"/run/acme/bridge/challenge/a", "challenge"},
                        {"/run/acme/signer-for-account/a", "account"},
                        {"/run/acme/bridge/account/a", "account"},
                        {"/run/acme/away/account/a", "account"},
                        {"/run/acme/away/account/b", NULL},
                        {"/run/acme/away/a", NULL},
                        {"/run/acme/signer/b", NULL},
                        {"/run/acme/signer/b/a", NULL},
                        {"/run/acme/signer-for-/a", NULL},
                        {"/run/acme/bridge/a", NULL},
                        {"/run/acme/bridge//a", NULL},
                        {"/run/acme/bridge/x/y/a", NULL},
                        {"/run/acme/challenge/a", NULL},
                        {"/run/acme/credentials", NULL},
                        {"a", NULL},
                        {"", NULL},
        };

        (void) state;
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                DoorWord word = {};
                int r = door_word_of_path(row->path, "a", &word);

                assert_row(row->path, r == (row->word ? 0 : -ENOTCONN));
                assert_row(row->path, streq(word.text, row->word ?: ""));
        }
}

static void test_door_path(void **state)
{
        char path[DOOR_PATH_MAX];
        DoorWord word, again;

        (void) state;
        assert_int_equal(door_word_set(&word, "renew", 5), 0);
        assert_string_equal(door_path(&word, "a", path), "/run/acme/bridge/renew/a");
        assert_int_equal(door_word_of_path(path, "a", &again), 0);
        assert_string_equal(again.text, "renew");
        assert_int_equal(door_word_of_socket(-1, "a", &word), -ENOTCONN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_door_word_of_command__table),
                        cmocka_unit_test(test_door_word_of_path__table),
                        cmocka_unit_test(test_door_path),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
