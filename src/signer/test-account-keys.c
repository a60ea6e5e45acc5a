/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two keys of one account: whatever a crash has left, the one that the CA knows is found and no key
 * is lost. The CA is a thumbprint here. */

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/test.h"
#include "signer/account.h"
#include "signer/jwk.h"

#define DIRECTORY "https://ca.example/dir"
#define URL "https://ca.example/acct/1"
#define FOLDER "var/lib/acme/accounts/ca/"

static void make_root(const TestDirectory *d)
{
        static const char *const directories[] = {
                        "var",
                        "var/lib",
                        "var/lib/acme",
                        "var/lib/acme/accounts",
                        "var/lib/acme/accounts/ca",
        };

        FOREACH_ARRAY (name, directories, ELEMENTSOF(directories))
                assert_int_equal(mkdirat(d->fd, *name, 0700), 0);
}

static Account *open_account(const TestDirectory *d, bool is_exclusive)
{
        Account *account;

        assert_int_equal(account_open(d->path, "ca", DIRECTORY, &account), 0);
        assert_int_equal(account_lock(account, is_exclusive), 0);
        return account;
}

/* A key file; ret_thumbprint: what the CA may know it by. */
static void put_key(const TestDirectory *d, const char *file, char **ret_thumbprint)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        _cleanup_free_ char *path = NULL;

        assert_true(asprintf(&path, FOLDER "%s", file) > 0);
        assert_int_equal(key_generate(KEY_TYPE_EC_P256, NULL, &key), 0);
        assert_int_equal(key_create_file(d->fd, path, key), 0);
        assert_int_equal(jwk_thumbprint(key, ret_thumbprint), 0);
}

static bool has(const TestDirectory *d, const char *format, const char *thumbprint)
{
        _cleanup_free_ char *path = NULL;

        assert_true(asprintf(&path,
                             FOLDER "%s%s%s",
                             format,
                             thumbprint ?: "",
                             thumbprint ? ".pem" : "") > 0);
        return faccessat(d->fd, path, F_OK, 0) == 0;
}

/* As a client and a CA that knows this key would; NULL: none. Return: whether it was found. */
static bool ask(Account *account, const char *known)
{
        EVP_PKEY *key;
        int r;

        for (unsigned i = 0; i < 3; i++) {
                if (account_load_key(account, &key) == -ENOENT)
                        return false;
                if (streq_ptr(account_thumbprint(account), known)) {
                        assert_int_equal(account_set_url(account, URL, NULL), 0);
                        return true;
                }
                if (!account_key_is_unclear(account))
                        return false;
                assert_null(account_url(account));
                r = account_forget_url(account);
                assert_true(r == 0 || r == ACCOUNT_E_OTHER_KEY);
        }
        return false;
}

/* As a process that is killed in the middle of writing a file. */
static void die_while_writing(const TestDirectory *d, int (*store)(Account *account, EVP_PKEY *key))
{
        const struct rlimit limit = {10, 10}, none = {};
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                Account *account = open_account(d, true);
                EVP_PKEY *key, *own;

                (void) account_load_key(account, &own);
                if (key_generate(KEY_TYPE_EC_P256, NULL, &key) < 0 ||
                    setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_FSIZE, &limit) < 0)
                        _exit(1);
                (void) signal(SIGXFSZ, SIG_DFL);
                (void) store(account, key);
                _exit(2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
}

/* Half a file would be a key that nobody can ask the CA about, and every renewal's end. */
static void test_account_next_key__killed_while_it_is_written(void **state)
{
        static int (*const ways[])(Account * account, EVP_PKEY * key) = {account_store_next_key,
                                                                         account_import_key};
        const TestDirectory *d = *state;
        _cleanup_free_ char *current = NULL;

        make_root(d);
        put_key(d, "key.pem", &current);
        FOREACH_ARRAY (way, ways, ELEMENTSOF(ways)) {
                _cleanup_(account_freep) Account *account = NULL;

                die_while_writing(d, *way);
                assert_false(has(d, "next.pem", NULL));
                account = open_account(d, false);
                assert_true(ask(account, current));
                assert_false(account_key_is_unclear(account));
        }
}

/* As a power cut, or somebody's hand, may have left it. */
static void test_account_next_key__is_no_key(void **state)
{
        static const char *const texts[] = {"", "-----BEGIN PRIVATE KEY-----\nMI"};
        const TestDirectory *d = *state;
        _cleanup_free_ char *current = NULL;

        make_root(d);
        put_key(d, "key.pem", &current);
        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts)) {
                _cleanup_(account_freep) Account *account = NULL;

                assert_int_equal(file_create(d->fd, FOLDER "next.pem", *text, strlen(*text), 0600),
                                 0);
                account = open_account(d, true);
                assert_true(ask(account, current));
                assert_false(account_key_is_unclear(account));
                assert_false(has(d, "next.pem", NULL));
                assert_true(has(d, "key.pem", NULL));
        }
}

static void test_account_key__settled_from_whatever_is_there(void **state)
{
        enum { CURRENT, NEXT, NEITHER };
        const TestDirectory *d = *state;

        make_root(d);
        for (int knows = CURRENT; knows <= NEITHER; knows++)
                for (int was_kept = 0; was_kept <= 1; was_kept++) {
                        _cleanup_free_ char *current = NULL, *next = NULL, *old = NULL;
                        _cleanup_(account_freep) Account *account = NULL, *again = NULL;
                        const char *winner;

                        (void) unlinkat(d->fd, FOLDER "key.pem", 0);
                        put_key(d, "key.pem", &current);
                        put_key(d, "next.pem", &next);
                        winner = knows == NEXT ? next : current;
                        /* Killed between the link and the rename. */
                        assert_true(asprintf(&old,
                                             FOLDER "old-%s.pem",
                                             knows == NEXT ? current : next) > 0);
                        if (was_kept)
                                assert_int_equal(linkat(d->fd,
                                                        knows == NEXT ? FOLDER "key.pem"
                                                                      : FOLDER "next.pem",
                                                        d->fd,
                                                        old,
                                                        0),
                                                 0);

                        account = open_account(d, false);
                        assert_true(ask(account, knows == NEITHER ? "none" : winner) ==
                                    (knows != NEITHER));
                        assert_false(account_key_is_unclear(account));
                        assert_string_equal(account_thumbprint(account), winner);
                        assert_false(has(d, "next.pem", NULL));
                        assert_true(has(d, "old-", knows == NEXT ? current : next));
                        assert_true(streq_ptr(account_url(account), knows == NEITHER ? NULL : URL));
                        account_free(TAKE_PTR(account));

                        again = open_account(d, false);
                        assert_true(ask(again, winner));
                }
}

static void test_account_key__next_alone(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(account_freep) Account *account = NULL;
        _cleanup_free_ char *next = NULL, *other = NULL;
        EVP_PKEY *key;

        make_root(d);
        put_key(d, "next.pem", &next);
        account = open_account(d, false);
        assert_true(ask(account, next));
        assert_true(has(d, "key.pem", NULL));
        account_free(TAKE_PTR(account));

        assert_int_equal(unlinkat(d->fd, FOLDER "key.pem", 0), 0);
        put_key(d, "next.pem", &other);
        account = open_account(d, false);
        assert_false(ask(account, next));
        assert_int_equal(account_load_key(account, &key), -ENOENT);
        assert_true(has(d, "old-", other));
}

/* The whole way, and what another process sees at each step. */
static void test_account_key__changed(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(account_freep) Account *account = NULL, *other = NULL;
        _cleanup_free_ char *current = NULL, *next = NULL;
        EVP_PKEY *key = NULL, *borrowed;

        make_root(d);
        put_key(d, "key.pem", &current);
        account = open_account(d, true);
        assert_true(ask(account, current));
        assert_int_equal(account_open(d->path, "ca", DIRECTORY, &other), 0);
        assert_int_equal(account_lock(other, false), -EBUSY);

        assert_int_equal(account_next_key(account, &borrowed), -ENOENT);
        assert_int_equal(key_generate(KEY_TYPE_EC_P384, NULL, &key), 0);
        assert_int_equal(jwk_thumbprint(key, &next), 0);
        assert_int_equal(account_store_next_key(account, key), 0);
        assert_true(has(d, "next.pem", NULL));
        assert_string_equal(account_thumbprint(account), current);
        assert_int_equal(account_take_next_key(account), 0);
        assert_string_equal(account_thumbprint(account), next);
        assert_string_equal(account_url(account), URL);
        assert_true(has(d, "old-", current));
        assert_false(has(d, "next.pem", NULL));
        account_free(TAKE_PTR(account));

        assert_int_equal(account_lock(other, false), 0);
        assert_int_equal(account_load_key(other, &borrowed), 0);
        assert_string_equal(account_url(other), URL);
        assert_string_equal(account_thumbprint(other), next);
}

static void test_account_lock__shares(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(account_freep) Account *one = NULL, *two = NULL, *three = NULL;
        _cleanup_free_ char *next = NULL;

        make_root(d);
        one = open_account(d, false);
        two = open_account(d, false);
        assert_int_equal(account_open(d->path, "ca", DIRECTORY, &three), 0);
        assert_int_equal(account_lock(three, true), -EBUSY);
        account_free(TAKE_PTR(one));
        account_free(TAKE_PTR(two));
        /* Two keys: who finds them has to have the lock alone. */
        put_key(d, "next.pem", &next);
        one = open_account(d, false);
        assert_int_equal(account_lock(three, false), -EBUSY);
}

static void test_account_deactivated__stays_so(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(account_freep) Account *account = NULL;
        _cleanup_free_ char *current = NULL;
        EVP_PKEY *key;

        make_root(d);
        put_key(d, "key.pem", &current);
        account = open_account(d, true);
        assert_true(ask(account, current));
        assert_int_equal(account_set_deactivated(account), 0);
        account_free(TAKE_PTR(account));

        account = open_account(d, true);
        assert_int_equal(account_load_key(account, &key), 0);
        assert_true(account_is_deactivated(account));
        assert_int_equal(account_retire_key(account), 0);
        assert_false(account_is_deactivated(account));
        assert_int_equal(account_load_key(account, &key), -ENOENT);
        assert_true(has(d, "old-", current));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_account_key__settled_from_whatever_is_there),
                        cmocka_directory_test(test_account_next_key__killed_while_it_is_written),
                        cmocka_directory_test(test_account_next_key__is_no_key),
                        cmocka_directory_test(test_account_key__next_alone),
                        cmocka_directory_test(test_account_key__changed),
                        cmocka_directory_test(test_account_lock__shares),
                        cmocka_directory_test(test_account_deactivated__stays_so),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
