/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Accounts: one key however many make one at the same moment; a URL that counts for one CA and one
 * key. */

#include <sys/stat.h>
#include <sys/wait.h>

#include "base/test.h"
#include "base/time-util.h"
#include "signer/account.h"

#define DIRECTORY "https://ca.example/dir"
#define URL "https://ca.example/acct/1"
#define RACERS 8U

static void make_root(const TestDirectory *d)
{
        _cleanup_free_ char *path = NULL;

        assert_int_equal(mkdirat(d->fd, "var", 0755), 0);
        assert_int_equal(mkdirat(d->fd, "var/lib", 0755), 0);
        assert_int_equal(mkdirat(d->fd, "var/lib/acme", 0755), 0);
        assert_true(asprintf(&path, "%s" ACCOUNTS_PATH, d->path) > 0);
        assert_int_equal(mkdir(path, 0700), 0);
}

static Account *open_account(const TestDirectory *d, const char *directory)
{
        Account *account;

        assert_int_equal(account_open(d->path, "ca", directory, &account), 0);
        return account;
}

static void add_key(Account *account, bool *ret_made)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        EVP_PKEY *adopted;

        assert_int_equal(key_generate(KEY_TYPE_EC_P256, NULL, &key), 0);
        assert_int_equal(account_store_key(account, key, ret_made), 0);
        assert_int_equal(account_load_key(account, &adopted), 0);
        assert_int_equal(EVP_PKEY_eq(adopted, key), *ret_made ? 1 : 0);
}

static void test_account_store_key__kept_from_run_to_run(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(account_freep) Account *first = NULL, *second = NULL;
        EVP_PKEY *key, *again;
        struct stat st;
        bool made;

        make_root(d);
        first = open_account(d, DIRECTORY);
        assert_int_equal(account_load_key(first, &key), -ENOENT);
        add_key(first, &made);
        assert_true(made);
        assert_int_equal(account_load_key(first, &key), 0);
        assert_int_equal(fstatat(d->fd, "var/lib/acme/accounts/ca", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        assert_int_equal(fstatat(d->fd, "var/lib/acme/accounts/ca/key.pem", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(st.st_nlink, 1);

        second = open_account(d, DIRECTORY);
        assert_int_equal(account_load_key(second, &again), 0);
        assert_int_equal(EVP_PKEY_eq(key, again), 1);
        assert_string_equal(account_thumbprint(first), account_thumbprint(second));
}

static void test_account_store_key__too_late(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(account_freep) Account *winner = NULL, *loser = NULL;
        bool made;

        make_root(d);
        winner = open_account(d, DIRECTORY);
        loser = open_account(d, DIRECTORY);
        add_key(winner, &made);
        assert_true(made);
        add_key(loser, &made);
        assert_false(made);
        assert_string_equal(account_thumbprint(winner), account_thumbprint(loser));
}

/* One racer: waits for the start, makes a key, and says which one it has. */
static void race(const TestDirectory *d, int start_fd, int result_fd)
{
        _cleanup_(account_freep) Account *account = open_account(d, DIRECTORY);
        const char *thumbprint;
        char byte;
        bool made;

        if (read(start_fd, &byte, 1) != 0)
                _exit(1);
        add_key(account, &made);
        thumbprint = account_thumbprint(account);
        if (dprintf(result_fd, "%c%s\n", made ? '1' : '0', thumbprint) < 0)
                _exit(1);
        _exit(0);
}

static void test_account_store_key__race_of_processes(void **state)
{
        const TestDirectory *d = *state;
        int start[2], result[2], status;
        char lines[RACERS * 64], *line, *save = NULL, *first = NULL;
        unsigned n = 0, n_made = 0;
        size_t length = 0;
        ssize_t got;

        make_root(d);
        assert_int_equal(pipe2(start, O_CLOEXEC), 0);
        assert_int_equal(pipe2(result, O_CLOEXEC), 0);
        for (unsigned i = 0; i < RACERS; i++) {
                pid_t pid = fork();

                assert_true(pid >= 0);
                if (pid == 0) {
                        close(start[1]);
                        race(d, start[0], result[1]);
                }
        }
        close(start[1]); /* go */
        close(result[1]);
        for (unsigned i = 0; i < RACERS; i++) {
                assert_true(wait(&status) > 0);
                assert_int_equal(status, 0);
        }
        while ((got = read(result[0], lines + length, sizeof(lines) - 1 - length)) > 0)
                length += (size_t) got;
        lines[length] = '\0';
        close(start[0]);
        close(result[0]);

        for (line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                n++;
                n_made += line[0] == '1';
                if (!first)
                        first = line + 1;
                assert_string_equal(line + 1, first);
        }
        assert_int_equal(n, RACERS);
        assert_int_equal(n_made, 1);
}

static void test_account_url__counts_for_one_directory_and_one_key(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(account_freep) Account *first = NULL, *same = NULL, *moved = NULL,
                                         *rekeyed = NULL, *forgotten = NULL;
        EVP_PKEY *key;
        bool made;

        make_root(d);
        first = open_account(d, DIRECTORY);
        add_key(first, &made);
        assert_null(account_url(first));
        assert_int_equal(account_set_url(first, URL, NULL), 0);
        assert_string_equal(account_url(first), URL);

        same = open_account(d, DIRECTORY);
        assert_null(account_url(same)); /* not before the key is known */
        assert_int_equal(account_load_key(same, &key), 0);
        assert_string_equal(account_url(same), URL);

        moved = open_account(d, "https://other.example/dir");
        assert_int_equal(account_load_key(moved, &key), 0);
        assert_null(account_url(moved));

        assert_int_equal(unlinkat(d->fd, "var/lib/acme/accounts/ca/key.pem", 0), 0);
        rekeyed = open_account(d, DIRECTORY);
        add_key(rekeyed, &made);
        assert_true(made);
        assert_null(account_url(rekeyed));
        assert_int_equal(account_set_url(rekeyed, URL, NULL), 0);

        assert_int_equal(account_forget_url(rekeyed), 0);
        assert_null(account_url(rekeyed));
        assert_int_equal(account_forget_url(rekeyed), 0);
        forgotten = open_account(d, DIRECTORY);
        assert_int_equal(account_load_key(forgotten, &key), 0);
        assert_null(account_url(forgotten));
}

static void test_account_load_key__damaged(void **state)
{
        const TestDirectory *d = *state;
        _cleanup_(account_freep) Account *account = NULL;
        EVP_PKEY *key;
        int fd;

        make_root(d);
        account = open_account(d, DIRECTORY);
        fd = openat(d->fd, "var/lib/acme/accounts/ca", O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_create(fd, "key.pem", "junk", 4, 0600), 0);
        close(fd);
        assert_int_equal(account_load_key(account, &key), -EBADMSG);
}

static void test_account_url__damaged_file_is_passed_over(void **state)
{
        static const char *const texts[] = {"", "junk", "[]", "{}", "{\"url\":7}"};
        const TestDirectory *d = *state;
        _cleanup_(account_freep) Account *first = NULL;
        bool made;
        int fd;

        make_root(d);
        first = open_account(d, DIRECTORY);
        add_key(first, &made);
        fd = openat(d->fd, "var/lib/acme/accounts/ca", O_PATH | O_DIRECTORY | O_CLOEXEC);
        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts)) {
                _cleanup_(account_freep) Account *account = open_account(d, DIRECTORY);
                EVP_PKEY *key;

                assert_int_equal(file_replace(fd, "account.json", *text, strlen(*text), 0600), 0);
                assert_int_equal(account_load_key(account, &key), 0);
                assert_null(account_url(account));
        }
        close(fd);
}

static void test_account_open__old_leftovers_go(void **state)
{
        const TestDirectory *d = *state;
        static const char old[] = "var/lib/acme/accounts/ca/.#key.pem.0123456789abcdef",
                          fresh[] = "var/lib/acme/accounts/ca/.#key.pem.fedcba9876543210";
        struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = 1000}};

        make_root(d);
        account_free(open_account(d, DIRECTORY));
        close(openat(d->fd, old, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        close(openat(d->fd, fresh, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        assert_int_equal(utimensat(d->fd, old, times, 0), 0);
        account_free(open_account(d, DIRECTORY));
        assert_int_equal(faccessat(d->fd, old, F_OK, 0), -1);
        assert_int_equal(faccessat(d->fd, fresh, F_OK, 0), 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_directory_test(test_account_store_key__kept_from_run_to_run),
                        cmocka_directory_test(test_account_store_key__too_late),
                        cmocka_directory_test(test_account_store_key__race_of_processes),
                        cmocka_directory_test(
                                        test_account_url__counts_for_one_directory_and_one_key),
                        cmocka_directory_test(test_account_load_key__damaged),
                        cmocka_directory_test(test_account_url__damaged_file_is_passed_over),
                        cmocka_directory_test(test_account_open__old_leftovers_go),
        };

        key_library_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
