/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The promise of the store: whatever happens at whatever moment, the live key and the live
 * certificate fit, and the next run completes.
 *
 * The linker hands us every call that changes a file system (--wrap). One renewal is played again
 * and again, and the signer is killed at each of these calls in turn, before it, after it, or with
 * half of a write done; or the call fails. Beside that a book is kept of what has not been synced:
 * nothing may get its final name, and the link may not be switched, before what it leads to would
 * survive a power cut. The two caches are left out of the book. */

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "signer/test-room.h"

typedef enum Fault {
        FAULT_NONE,
        FAULT_BEFORE,
        FAULT_AFTER,
        FAULT_TORN, /* of a write: half of it; of others as after */
        FAULT_ERROR,
        FAULT_MAX,
} Fault;

static Fault fault;
static unsigned fault_at; /* counted from the signer's start */
static pid_t test_pid;    /* in which nothing is counted */
static unsigned n_steps;
static bool *reached; /* shared with the signer: it has come to that call */

/* ASan makes every start ten times as slow; what a call does is the same. */
#ifdef __SANITIZE_ADDRESS__
#define CALLS_STEP 4U
#else
#define CALLS_STEP 1U
#endif

/* Inodes with something that is not on disk yet. */
#define UNSYNCED_MAX 256U
static ino_t unsynced[UNSYNCED_MAX];
static size_t n_unsynced;

int __real_fchmod(int fd, mode_t mode);
int __real_fsync(int fd);
int __real_linkat(int old_fd, const char *old, int new_fd, const char *new, int flags);
int __real_mkdirat(int fd, const char *name, mode_t mode);
int __real_renameat(int old_fd, const char *old, int new_fd, const char *new);
int __real_renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags);
int __real_symlinkat(const char *target, int fd, const char *name);
int __real_unlinkat(int fd, const char *name, int flags);
ssize_t __real_write(int fd, const void *data, size_t length);
int __real_csr_make(EVP_PKEY *key,
                    char *const *identifiers,
                    unsigned char **ret,
                    size_t *ret_length);

int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fsync(int fd);
int __wrap_linkat(int old_fd, const char *old, int new_fd, const char *new, int flags);
int __wrap_mkdirat(int fd, const char *name, mode_t mode);
int __wrap_renameat(int old_fd, const char *old, int new_fd, const char *new);
int __wrap_renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags);
int __wrap_symlinkat(const char *target, int fd, const char *name);
int __wrap_unlinkat(int fd, const char *name, int flags);
ssize_t __wrap_write(int fd, const void *data, size_t length);
int __wrap_csr_make(EVP_PKEY *key,
                    char *const *identifiers,
                    unsigned char **ret,
                    size_t *ret_length);

static bool in_signer(void)
{
        return getpid() != test_pid;
}

static void book(ino_t inode, bool is_synced)
{
        for (size_t i = 0; i < n_unsynced; i++)
                if (unsynced[i] == inode) {
                        if (is_synced)
                                unsynced[i] = unsynced[--n_unsynced];
                        return;
                }
        if (!is_synced && n_unsynced < UNSYNCED_MAX)
                unsynced[n_unsynced++] = inode;
}

static void book_fd(int fd, bool is_synced)
{
        struct stat st;

        if (in_signer() && fstat(fd, &st) == 0)
                book(st.st_ino, is_synced);
}

static bool is_cache(const char *name)
{
        return startswith(name, FILE_TEMPORARY_PREFIX "state.json.") ||
               startswith(name, FILE_TEMPORARY_PREFIX "account.json.");
}

/* A file's content and, since the call that made it was not seen, its directory. */
static void book_written(int fd)
{
        char link[64], path[4096], *slash;
        struct stat st;
        ssize_t n;

        if (!in_signer() || fstat(fd, &st) < 0)
                return;
        (void) snprintf(link, sizeof(link), "/proc/self/fd/%i", fd);
        n = readlink(link, path, sizeof(path) - 1);
        if (n <= 0)
                return;
        path[n] = '\0';
        slash = strrchr(path, '/');
        if (!slash || is_cache(slash + 1))
                return;
        book(st.st_ino, false);
        *slash = '\0';
        if (stat(path, &st) == 0)
                book(st.st_ino, false);
}

static void book_renamed(const char *old, int new_fd)
{
        if (!is_cache(old))
                book_fd(new_fd, false);
}

static bool is_synced(int dir_fd, const char *name)
{
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return true;
        for (size_t i = 0; i < n_unsynced; i++)
                if (unsynced[i] == st.st_ino)
                        return false;
        return true;
}

static void insist(bool condition, const char *what, const char *name)
{
        if (condition)
                return;
        fprintf(stderr, "power cut: %s: %s\n", name, what);
        abort();
}

/* name is about to become final. */
static void check_before_rename(int dir_fd, const char *name)
{
        static const char *const files[] = {"privkey.pem",
                                            "cert.pem",
                                            "chain.pem",
                                            "fullchain.pem"};
        char target[256] = "", path[512];
        struct stat st;

        if (!in_signer() || is_cache(name) || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        insist(is_synced(dir_fd, name), "renamed before it was synced", name);
        if (S_ISDIR(st.st_mode)) {
                FOREACH_ARRAY (file, files, ELEMENTSOF(files)) {
                        (void) snprintf(path, sizeof(path), "%s/%s", name, *file);
                        insist(faccessat(dir_fd, path, F_OK, 0) == 0, "is missing", path);
                        insist(is_synced(dir_fd, path), "its directory was renamed first", path);
                }
        } else if (S_ISLNK(st.st_mode)) {
                insist(readlinkat(dir_fd, name, target, sizeof(target) - 1) > 0,
                       "unreadable",
                       name);
                insist(is_synced(dir_fd, target), "live before it was synced", target);
                (void) snprintf(path, sizeof(path), "%s/..", target);
                insist(is_synced(dir_fd, path), "live before its entry was synced", target);
        }
}

/* Return: is this call to fail? */
static bool before(void)
{
        if (!in_signer() || ++n_steps != fault_at)
                return false;
        *reached = true;
        if (fault == FAULT_BEFORE)
                (void) kill(getpid(), SIGKILL);
        errno = EIO;
        return fault == FAULT_ERROR;
}

static void after(void)
{
        if (in_signer() && n_steps == fault_at && (fault == FAULT_AFTER || fault == FAULT_TORN))
                (void) kill(getpid(), SIGKILL);
}

#define STEP(call, note)                                                                           \
        do {                                                                                       \
                int r_;                                                                            \
                if (before())                                                                      \
                        return -1;                                                                 \
                r_ = (call);                                                                       \
                if (r_ == 0)                                                                       \
                        note;                                                                      \
                after();                                                                           \
                return r_;                                                                         \
        } while (false)

int __wrap_fchmod(int fd, mode_t mode)
{
        STEP(__real_fchmod(fd, mode), (void) 0);
}

int __wrap_fsync(int fd)
{
        STEP(__real_fsync(fd), book_fd(fd, true));
}

int __wrap_linkat(int old_fd, const char *old, int new_fd, const char *new, int flags)
{
        check_before_rename(old_fd, old);
        STEP(__real_linkat(old_fd, old, new_fd, new, flags), book_fd(new_fd, false));
}

int __wrap_mkdirat(int fd, const char *name, mode_t mode)
{
        STEP(__real_mkdirat(fd, name, mode), book_fd(fd, false));
}

int __wrap_renameat(int old_fd, const char *old, int new_fd, const char *new)
{
        check_before_rename(old_fd, old);
        STEP(__real_renameat(old_fd, old, new_fd, new), book_renamed(old, new_fd));
}

int __wrap_renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags)
{
        check_before_rename(old_fd, old);
        STEP(__real_renameat2(old_fd, old, new_fd, new, flags), book_fd(new_fd, false));
}

int __wrap_symlinkat(const char *target, int fd, const char *name)
{
        STEP(__real_symlinkat(target, fd, name), (void) 0);
}

int __wrap_unlinkat(int fd, const char *name, int flags)
{
        STEP(__real_unlinkat(fd, name, flags), (void) 0);
}

ssize_t __wrap_write(int fd, const void *data, size_t length)
{
        struct stat st;
        ssize_t n;

        /* Replies and the log are no files of the store. */
        if (fd == STDERR_FILENO || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return __real_write(fd, data, length);
        if (before())
                return -1;
        if (in_signer() && n_steps == fault_at && fault == FAULT_TORN)
                length /= 2;
        n = __real_write(fd, data, length);
        book_written(fd);
        after();
        return n;
}

/* The key of a CSR that is about to leave must not be lost any more. */
int __wrap_csr_make(EVP_PKEY *key,
                    char *const *identifiers,
                    unsigned char **ret,
                    size_t *ret_length)
{
        if (in_signer())
                insist(n_unsynced == 0, "the CSR leaves before everything is synced", "pending");
        return __real_csr_make(key, identifiers, ret, ret_length);
}

static X509 *read_certificate(Room *room, const char *file)
{
        _cleanup_free_ char *path = NULL;
        X509 *certificate;
        FILE *f;

        assert_true(asprintf(&path, "%s/" ROOM_LIVE "/%s", room->d->path, file) > 0);
        f = fopen(path, "re");
        if (!f)
                fail_msg("%s: %s", path, strerror(errno));
        certificate = PEM_read_X509(f, NULL, NULL, NULL);
        fclose(f);
        assert_non_null(certificate);
        return certificate;
}

/* A consumer's view. */
static void assert_live_fits(Room *room)
{
        static const char *const files[] = {"cert.pem", "fullchain.pem"};
        _cleanup_free_ char *path = NULL;
        EVP_PKEY *key;
        FILE *f;

        assert_true(asprintf(&path, "%s/" ROOM_LIVE "/privkey.pem", room->d->path) > 0);
        f = fopen(path, "re");
        assert_non_null(f);
        key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
        fclose(f);
        assert_non_null(key);
        FOREACH_ARRAY (file, files, ELEMENTSOF(files)) {
                X509 *certificate = read_certificate(room, *file);

                assert_int_equal(X509_check_private_key(certificate, key), 1);
                X509_free(certificate);
        }
        EVP_PKEY_free(key);
}

/* Return: 0, and a reference; VARLINK_E_ERROR; -errno when the signer has gone. */
static int try_call(Room *room,
                    const char *method,
                    const char *name,
                    const char *value,
                    struct json_object **ret)
{
        struct json_object *parameters = json_object_new_object();
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        _cleanup_free_ char *full = NULL;
        int r;

        assert_true(asprintf(&full, "io.acmeward.Signer.%s", method) > 0);
        assert_int_equal(json_add_string(parameters, name, value), 0);
        if (streq(name, "url"))
                assert_int_equal(json_add_string(parameters, "nonce", ROOM_NONCE), 0);
        r = varlink_client_call(room->client, full, parameters, 60 * USEC_PER_SEC, &reply);
        if (r == 0 && ret)
                *ret = json_object_get(reply.parameters);
        return r;
}

/* One renewal, as far as it gets. Return: 0; VARLINK_E_ERROR; -errno. */
static int try_renewal(Room *room)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *chain = NULL;
        int r;

        r = try_call(room, "NewAccount", "url", ROOM_URL, NULL);
        if (r == 0)
                r = try_call(room, "SetAccount", "account", ROOM_ACCOUNT, NULL);
        if (r == 0)
                r = try_call(room, "SetOrder", "order", ROOM_ORDER, NULL);
        if (r == 0)
                r = try_call(room, "Finalize", "url", ROOM_URL, &reply);
        if (r != 0)
                return r;
        chain = room_issue(room_csr_key(reply), "DNS:" ROOM_NAME, NULL);
        return try_call(room, "Install", "chain", chain, NULL);
}

static void assert_no_leftovers(Room *room)
{
        unsigned generations = 0;

        assert_false(room_has(room, ROOM_CERTS "/pending"));
        assert_false(room_has(room, ROOM_CERTS "/.#generation"));
        for (unsigned i = 0; i < 1000; i++) {
                char path[64];

                (void) snprintf(path, sizeof(path), ROOM_CERTS "/%u", i);
                generations += room_has(room, path);
        }
        assert_true(generations >= 1 && generations <= 4);
}

/* Return: did the signer come as far as to that call? */
static bool run_with_fault(Room *room, Fault kind, unsigned at)
{
        *reached = false;
        fault = kind;
        fault_at = at;
        room_start(room);
        (void) try_renewal(room);
        fault = FAULT_NONE;
        assert_true(room_end(room) == (*reached && kind != FAULT_ERROR));
        return *reached;
}

static void play(Room *room, Fault kind, bool renew_key)
{
        static const char defaults[] =
                        "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n";
        bool hit = true;
        unsigned at = 1;

        room_configure(room,
                       defaults,
                       renew_key ? "[Certificate]\n" : "[Certificate]\nRenewKey=no\n");
        room_start(room);
        EVP_PKEY_free(room_renew(room));
        room_stop(room);
        assert_live_fits(room);

        for (; hit; at += CALLS_STEP) {
                hit = run_with_fault(room, kind, at);
                assert_live_fits(room);
                room_start(room);
                assert_live_fits(room);
                EVP_PKEY_free(room_renew(room));
                assert_live_fits(room);
                room_stop(room);
                assert_no_leftovers(room);
        }
        /* That there is something to be killed in. */
        print_message("%u calls\n", at);
        assert_true(at > 40);
}

static void test_install__killed_before_each_call(void **state)
{
        play(*state, FAULT_BEFORE, true);
}

static void test_install__killed_after_each_call(void **state)
{
        play(*state, FAULT_AFTER, true);
}

static void test_install__killed_with_half_a_write(void **state)
{
        play(*state, FAULT_TORN, true);
}

static void test_install__killed_with_a_kept_key(void **state)
{
        play(*state, FAULT_BEFORE, false);
}

static void test_install__each_call_fails(void **state)
{
        play(*state, FAULT_ERROR, true);
}

/* The very first run, where there is no account and nothing live yet. */
static void test_install__first_run_killed(void **state)
{
        Room *room = *state;
        bool hit = true;

        for (unsigned at = 1; hit; at += CALLS_STEP) {
                _cleanup_free_ char *live = NULL;

                hit = run_with_fault(room, FAULT_BEFORE, at);
                live = room_live(room);
                if (live)
                        assert_live_fits(room);
                room_start(room);
                EVP_PKEY_free(room_renew(room));
                assert_live_fits(room);
                room_stop(room);
                assert_no_leftovers(room);
                assert_int_equal(file_remove_tree(room->d->fd, "var"), 0);
                room_make_store(room);
        }
}

/* Return: did the signer come as far as to that call? */
static bool place_with_fault(Room *room, Fault kind, unsigned at)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};

        *reached = false;
        fault = kind;
        fault_at = at;
        room_start(room);
        (void) varlink_client_call(room->client,
                                   "io.acmeward.Signer.InstallPlaceholder",
                                   NULL,
                                   60 * USEC_PER_SEC,
                                   &reply);
        fault = FAULT_NONE;
        assert_true(room_end(room) == (*reached && kind != FAULT_ERROR));
        return *reached;
}

/* Before the first certificate: nothing is live, or a placeholder that fits, and what comes next
 * comes. */
static void play_placeholder(Room *room, Fault kind)
{
        bool hit = true;
        unsigned at = 1;

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nPlaceholder=yes\n");
        for (; hit; at += CALLS_STEP) {
                _cleanup_free_ char *live = NULL;

                hit = place_with_fault(room, kind, at);
                live = room_live(room);
                if (live)
                        assert_live_fits(room);
                assert_true(live || hit);
                room_start(room);
                json_object_put(room_ask(room, "InstallPlaceholder", NULL));
                assert_live_fits(room);
                assert_true(room_has(room, ROOM_LIVE "/placeholder"));
                EVP_PKEY_free(room_renew(room));
                assert_live_fits(room);
                room_stop(room);
                assert_no_leftovers(room);
                assert_int_equal(file_remove_tree(room->d->fd, "var"), 0);
                room_make_store(room);
        }
        print_message("%u calls\n", at);
        assert_true(at > 20);
}

static void test_placeholder__killed_before_each_call(void **state)
{
        play_placeholder(*state, FAULT_BEFORE);
}

static void test_placeholder__killed_after_each_call(void **state)
{
        play_placeholder(*state, FAULT_AFTER);
}

static void test_placeholder__each_call_fails(void **state)
{
        play_placeholder(*state, FAULT_ERROR);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_install__killed_before_each_call),
                        TEST(test_install__killed_after_each_call),
                        TEST(test_install__killed_with_half_a_write),
                        TEST(test_install__killed_with_a_kept_key),
                        TEST(test_install__each_call_fails),
                        TEST(test_install__first_run_killed),
                        TEST(test_placeholder__killed_before_each_call),
                        TEST(test_placeholder__killed_after_each_call),
                        TEST(test_placeholder__each_call_fails),
        };

        test_pid = getpid();
        reached = mmap(NULL,
                       sizeof(*reached),
                       PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS,
                       -1,
                       0);
        if (reached == MAP_FAILED)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
