/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store in a directory of its own: generations, the link, what a killed run leaves, the pending
 * key, the state file. That a kill at any moment does no harm is
 * test-crash.c. */

#include <sys/file.h>
#include <sys/stat.h>

#include "base/test.h"
#include "signer/store.h"
#include "x509/test-pki.h"

#define NAME "a.example"
#define CERTS "var/lib/acme/certs/" NAME
#define LIVE "var/lib/acme/live"

typedef struct Fixture {
        TestDirectory *d;
        Pki pki;
        Chain *chain;
        Store *store;
} Fixture;

static int setup(void **state)
{
        Fixture *f = calloc(1, sizeof(*f));
        _cleanup_free_ char *text = NULL;
        void *directory;
        size_t at;

        test_directory_setup(&directory);
        f->d = directory;
        assert_int_equal(mkdirat(f->d->fd, "var", 0755), 0);
        assert_int_equal(mkdirat(f->d->fd, "var/lib", 0755), 0);
        assert_int_equal(mkdirat(f->d->fd, "var/lib/acme", 0755), 0);
        assert_int_equal(mkdirat(f->d->fd, "var/lib/acme/certs", 0755), 0);
        pki_make(&f->pki, "DNS:" NAME, NULL);
        text = pki_pem(f->pki.leaf, f->pki.ca, NULL);
        assert_int_equal(chain_parse(text, strlen(text), &f->chain, &at), 0);
        assert_int_equal(store_open(f->d->path, NAME, &f->store), 0);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        Fixture *f = *state;
        void *directory = f->d;

        store_free(f->store);
        chain_free(f->chain);
        pki_done(&f->pki);
        test_directory_teardown(&directory);
        free(f);
        return 0;
}

static bool exists(const Fixture *f, const char *path)
{
        return faccessat(f->d->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void assert_mode(const Fixture *f, const char *path, mode_t mode)
{
        struct stat st;

        assert_int_equal(fstatat(f->d->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_row(path, (st.st_mode & 07777) == mode);
}

static void assert_text(const Fixture *f, const char *path, char *expected)
{
        _cleanup_free_ char *text = NULL, *owned = expected;
        size_t length;

        assert_int_equal(file_read(f->d->fd, path, 65536, 0, &text, &length), 0);
        assert_string_equal(text, owned);
}

static void install(Fixture *f, const char *expected_generation)
{
        _cleanup_free_ char *generation = NULL;

        assert_int_equal(store_install(f->store, f->chain, f->pki.leaf_key, &generation), 0);
        assert_string_equal(generation, expected_generation);
}

static void test_store_install__files_and_modes(void **state)
{
        Fixture *f = *state;
        _cleanup_(store_live_done) StoreLive live = {};
        char target[64] = "";

        umask(0077);
        install(f, "1");
        umask(0022);
        assert_mode(f, CERTS "/1", 0755);
        assert_mode(f, CERTS "/1/privkey.pem", 0600);
        assert_mode(f, CERTS "/1/cert.pem", 0644);
        assert_mode(f, CERTS "/1/chain.pem", 0644);
        assert_mode(f, CERTS "/1/fullchain.pem", 0644);
        assert_text(f, CERTS "/1/cert.pem", pki_pem(f->pki.leaf, NULL));
        assert_text(f, CERTS "/1/chain.pem", pki_pem(f->pki.ca, NULL));
        assert_text(f, CERTS "/1/fullchain.pem", pki_pem(f->pki.leaf, f->pki.ca, NULL));
        assert_true(readlinkat(f->d->fd, LIVE "/" NAME, target, sizeof(target) - 1) > 0);
        assert_string_equal(target, "../certs/" NAME "/1");

        assert_int_equal(store_read_live(f->store, &live), 0);
        assert_string_equal(live.generation, "1");
        assert_int_equal(chain_length(live.chain), 2);
        assert_int_equal(EVP_PKEY_eq(live.key, f->pki.leaf_key), 1);
        assert_true(live.installed_usec > 0);
}

static void test_store_read_live__installed_to_the_microsecond(void **state)
{
        const struct timespec times[] = {{1000, 0}, {1000, 600 * 1000 * 1000}};
        _cleanup_(store_live_done) StoreLive live = {};
        Fixture *f = *state;

        install(f, "1");
        assert_int_equal(utimensat(f->d->fd, CERTS "/1", times, 0), 0);
        assert_int_equal(store_read_live(f->store, &live), 0);
        assert_true(live.installed_usec == 1000 * USEC_PER_SEC + 600 * 1000);
}

/* The inode number of a file of what is live; 0: there is none. */
static ino_t live_inode(const Fixture *f, const char *file)
{
        _cleanup_free_ char *path = NULL;
        struct stat st;

        assert_true(asprintf(&path, LIVE "/" NAME "/%s", file) > 0);
        if (fstatat(f->d->fd, path, &st, 0) < 0) {
                assert_int_equal(errno, ENOENT);
                return 0;
        }
        return st.st_ino;
}

static void test_store_install__the_other_variant_is_taken_along(void **state)
{
        Fixture *f = *state;
        ino_t key, second;

        store_use_variant(f->store, NULL, "rsa");
        install(f, "1");
        assert_false(store_has_variant(f->store, "rsa"));
        key = live_inode(f, "privkey.pem");
        store_use_variant(f->store, "rsa", "rsa");
        install(f, "2");
        assert_true(store_has_variant(f->store, "rsa"));
        assert_int_equal(live_inode(f, "privkey.pem"), key);
        second = live_inode(f, "privkey.rsa.pem");
        assert_true(second != key);
        store_use_variant(f->store, NULL, "rsa");
        install(f, "3");
        assert_true(live_inode(f, "privkey.pem") != key);
        assert_int_equal(live_inode(f, "privkey.rsa.pem"), second);
        /* Half of one is none. */
        assert_int_equal(unlinkat(f->d->fd, CERTS "/3/chain.rsa.pem", 0), 0);
        install(f, "4");
        assert_int_equal(live_inode(f, "privkey.rsa.pem"), 0);
        assert_false(store_has_variant(f->store, "rsa"));
}

static void test_store_install__generations_go_up_and_are_pruned(void **state)
{
        static const char *const numbers[] =
                        {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"};
        Fixture *f = *state;

        FOREACH_ARRAY (number, numbers, ELEMENTSOF(numbers)) {
                install(f, *number);
                assert_int_equal(store_prune(f->store, *number), 0);
        }
        /* The live one and three before it; 9 is older than 10. */
        assert_false(exists(f, CERTS "/7"));
        assert_true(exists(f, CERTS "/8"));
        assert_true(exists(f, CERTS "/9"));
        assert_true(exists(f, CERTS "/10"));
        assert_true(exists(f, CERTS "/11"));
        assert_int_equal(generation_compare("9", "10"), -1);
        assert_int_equal(generation_compare("10", "9"), 1);
        assert_int_equal(generation_compare("10", "x"), 0);
}

/* Gone back by hand to an old generation: that one stays. */
static void test_store_prune__live_is_an_old_one(void **state)
{
        Fixture *f = *state;

        install(f, "1");
        install(f, "2");
        install(f, "3");
        install(f, "4");
        install(f, "5");
        assert_int_equal(store_prune(f->store, "1"), 0);
        assert_true(exists(f, CERTS "/1/privkey.pem"));
        assert_false(exists(f, CERTS "/2"));
        assert_true(exists(f, CERTS "/3"));
        assert_true(exists(f, CERTS "/5"));
}

/* Where the link cannot be switched, nothing is left, and what was live is live. */
static void test_store_install__link_cannot_be_switched(void **state)
{
        Fixture *f = *state;
        char *generation = NULL;

        assert_int_equal(mkdirat(f->d->fd, LIVE "/" NAME, 0755), 0);
        assert_true(store_install(f->store, f->chain, f->pki.leaf_key, &generation) < 0);
        assert_null(generation);
        assert_false(exists(f, CERTS "/1"));
        assert_false(exists(f, CERTS "/.#generation"));
}

static void test_store_read_live__what_is_none_of_ours(void **state)
{
        static const char *const targets[] = {
                        "/etc/ssl",
                        "../certs/" NAME,
                        "../certs/" NAME "/",
                        "../certs/other.example/1",
                        "../certs/" NAME "/1/../1",
                        "../certs/" NAME "/01",
                        "../certs/" NAME "/1234567890",
                        "../certs/" NAME "/x",
                        "../certs/" NAME "/99",
        };
        Fixture *f = *state;
        StoreLive live;

        assert_int_equal(store_read_live(f->store, &live), -ENOENT);
        install(f, "1");
        FOREACH_ARRAY (target, targets, ELEMENTSOF(targets)) {
                assert_int_equal(unlinkat(f->d->fd, LIVE "/" NAME, 0), 0);
                assert_int_equal(symlinkat(*target, f->d->fd, LIVE "/" NAME), 0);
                assert_row(*target, store_read_live(f->store, &live) == -EBADMSG);
        }
        assert_int_equal(unlinkat(f->d->fd, LIVE "/" NAME, 0), 0);
        assert_int_equal(mkdirat(f->d->fd, LIVE "/" NAME, 0755), 0);
        assert_int_equal(store_read_live(f->store, &live), -EBADMSG);
}

static void test_store_read_live__damaged_files(void **state)
{
        Fixture *f = *state;
        _cleanup_(store_live_done) StoreLive live = {};

        install(f, "1");
        assert_int_equal(unlinkat(f->d->fd, CERTS "/1/privkey.pem", 0), 0);
        assert_int_equal(store_read_live(f->store, &live), 0);
        assert_null(live.key);
        store_live_done(&live);
        close(openat(f->d->fd, CERTS "/1/fullchain.pem", O_WRONLY | O_TRUNC | O_CLOEXEC));
        assert_int_equal(store_read_live(f->store, &live), -EBADMSG);
        assert_int_equal(unlinkat(f->d->fd, CERTS "/1/fullchain.pem", 0), 0);
        assert_int_equal(store_read_live(f->store, &live), -EBADMSG);
}

static void test_store_tidy__leftovers_of_a_killed_run(void **state)
{
        Fixture *f = *state;
        static const char *const ours[] = {
                        CERTS "/.#state.json.0123456789abcdef",
                        LIVE "/.#" NAME ".0123456789abcdef",
        };
        static const char *const theirs[] = {
                        CERTS "/state.json",
                        LIVE "/.#other.example.0123456789abcdef",
                        LIVE "/.#" NAME ".org.0123456789abcdef",
                        LIVE "/" NAME ".0123456789abcdef",
        };

        install(f, "1");
        assert_int_equal(mkdirat(f->d->fd, CERTS "/.#generation", 0700), 0);
        close(openat(f->d->fd,
                     CERTS "/.#generation/privkey.pem",
                     O_CREAT | O_WRONLY | O_CLOEXEC,
                     0600));
        FOREACH_ARRAY (path, ours, ELEMENTSOF(ours))
                assert_int_equal(symlinkat("x", f->d->fd, *path), 0);
        FOREACH_ARRAY (path, theirs, ELEMENTSOF(theirs))
                assert_int_equal(symlinkat("x", f->d->fd, *path), 0);

        assert_int_equal(store_tidy(f->store), 0);
        assert_false(exists(f, CERTS "/.#generation"));
        FOREACH_ARRAY (path, ours, ELEMENTSOF(ours))
                assert_row(*path, !exists(f, *path));
        FOREACH_ARRAY (path, theirs, ELEMENTSOF(theirs))
                assert_row(*path, exists(f, *path));
        assert_true(exists(f, CERTS "/1/privkey.pem"));
}

/* A private key that root has brought does not stay when acmectl is killed; and is not taken from
 * under one that is at work. */
static void test_store_tidy__a_key_that_nobody_brings_any_more(void **state)
{
        Fixture *f = *state;
        int holder;

        install(f, "1");
        assert_int_equal(store_tidy(f->store), 0);
        close(openat(f->d->fd,
                     CERTS "/" STORE_IMPORT_KEY_FILE,
                     O_CREAT | O_WRONLY | O_CLOEXEC,
                     0600));
        holder = openat(f->d->fd, CERTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(flock(holder, LOCK_SH | LOCK_NB), 0);
        assert_int_equal(store_tidy(f->store), 0);
        assert_true(exists(f, CERTS "/" STORE_IMPORT_KEY_FILE));
        close(holder);
        assert_int_equal(store_tidy(f->store), 0);
        assert_false(exists(f, CERTS "/" STORE_IMPORT_KEY_FILE));
        /* Nor is the directory held by who has looked. */
        holder = openat(f->d->fd, CERTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(flock(holder, LOCK_EX | LOCK_NB), 0);
        close(holder);
}

static void test_store_pending__one_key(void **state)
{
        Fixture *f = *state;
        _cleanup_key_ EVP_PKEY *key = NULL, *again = NULL;

        assert_int_equal(store_read_pending(f->store, &key), -ENOENT);
        assert_int_equal(store_drop_pending(f->store), 0);
        assert_int_equal(store_write_pending(f->store, f->pki.leaf_key), 0);
        assert_mode(f, CERTS "/pending", 0700);
        assert_mode(f, CERTS "/pending/key.pem", 0600);
        assert_int_equal(store_read_pending(f->store, &key), 0);
        assert_int_equal(EVP_PKEY_eq(key, f->pki.leaf_key), 1);
        assert_int_equal(store_write_pending(f->store, f->pki.ca_key), 0);
        assert_int_equal(store_read_pending(f->store, &again), 0);
        assert_int_equal(EVP_PKEY_eq(again, f->pki.ca_key), 1);
        assert_int_equal(store_drop_pending(f->store), 0);
        assert_false(exists(f, CERTS "/pending"));

        /* Something else in its place. */
        assert_int_equal(symlinkat("/etc", f->d->fd, CERTS "/pending"), 0);
        assert_true(store_read_pending(f->store, &key) < 0);
        assert_int_equal(store_write_pending(f->store, f->pki.ca_key), 0);
        assert_mode(f, CERTS "/pending/key.pem", 0600);
}

static void test_store_state__written_read_set_aside(void **state)
{
        Fixture *f = *state;
        State *read = NULL;

        assert_int_equal(store_read_state(f->store, &read), 0);
        assert_false(read->certificate.is_set);
        state_free(read);
        assert_int_equal(store_write_state(f->store, "{\"version\":1}"), 0);
        assert_mode(f, CERTS "/state.json", 0644);
        assert_int_equal(store_read_state(f->store, &read), 0);
        state_free(read);

        assert_int_equal(store_write_state(f->store, "{\"version\":2}"), 0);
        assert_int_equal(store_read_state(f->store, &read), STATE_E_NEWER);
        assert_int_equal(store_set_state_aside(f->store), 0);
        assert_true(exists(f, CERTS "/state.json.bad"));
        assert_false(exists(f, CERTS "/state.json"));

        assert_int_equal(store_write_state(f->store, "junk"), 0);
        assert_int_equal(store_read_state(f->store, &read), STATE_E_DAMAGED);
        assert_int_equal(store_set_state_aside(f->store), 0);
        assert_false(exists(f, CERTS "/state.json"));

        assert_int_equal(mkdirat(f->d->fd, CERTS "/state.json", 0755), 0);
        assert_int_equal(store_read_state(f->store, &read), STATE_E_DAMAGED);
        assert_int_equal(store_set_state_aside(f->store), 0);
        assert_false(exists(f, CERTS "/state.json"));
        assert_int_equal(store_write_state(f->store, "junk"), 0);
        assert_int_equal(store_set_state_aside(f->store), 0);
}

static void test_store_check_room__here(void **state)
{
        Fixture *f = *state;

        assert_int_equal(store_check_room(f->store), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_store_install__files_and_modes),
                        TEST(test_store_read_live__installed_to_the_microsecond),
                        TEST(test_store_install__the_other_variant_is_taken_along),
                        TEST(test_store_install__generations_go_up_and_are_pruned),
                        TEST(test_store_prune__live_is_an_old_one),
                        TEST(test_store_install__link_cannot_be_switched),
                        TEST(test_store_read_live__what_is_none_of_ours),
                        TEST(test_store_read_live__damaged_files),
                        TEST(test_store_tidy__leftovers_of_a_killed_run),
                        TEST(test_store_tidy__a_key_that_nobody_brings_any_more),
                        TEST(test_store_pending__one_key),
                        TEST(test_store_state__written_read_set_aside),
                        TEST(test_store_check_room__here),
        };

        key_library_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
