/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The promise of a deploy: whatever happens at whatever moment, the pair on disk is the old one or
 * the new one, and the next run completes. The one exception is the moment between two renames:
 * then the key is new, the certificate that fits it lies beside, and the next run puts it there
 * even when it cannot write a byte.
 *
 * The linker hands us every call that changes a file system (--wrap). One deploy is played again
 * and again, and killed at each of these calls in turn, before it, after it, or with half of a
 * write done; or the call fails. Beside that a book is kept of what has not been synced: nothing
 * may get its final name before what it needs would survive a power cut. */

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "writer/material.h"
#include "writer/test-target.h"

typedef enum Fault {
        FAULT_NONE,
        FAULT_BEFORE,
        FAULT_AFTER,
        FAULT_TORN,    /* of a write: half of it; of others as after */
        FAULT_ERROR,   /* the call fails */
        FAULT_NO_ROOM, /* from that call on every write fails */
        FAULT_MAX,
} Fault;

static Fault fault;
static unsigned fault_at; /* counted from the run's start */
static pid_t test_pid;    /* in which nothing is counted */
static unsigned n_steps;

/* Shared with the run that is killed. */
static struct {
        bool is_reached;
        unsigned n_renames;
} * seen;

/* ASan makes every run ten times as slow; what a call does is the same. */
#ifdef __SANITIZE_ADDRESS__
#define CALLS_STEP 4U
#else
#define CALLS_STEP 1U
#endif

/* Inodes with something that is not on disk yet. */
#define UNSYNCED_MAX 64U
static ino_t unsynced[UNSYNCED_MAX];
static size_t n_unsynced;

int __real_fchmod(int fd, mode_t mode);
int __real_fchown(int fd, uid_t uid, gid_t gid);
int __real_fsync(int fd);
int __real_openat(int fd, const char *name, int flags, ...);
int __real_renameat(int old_fd, const char *old, int new_fd, const char *new);
int __real_renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags);
int __real_unlinkat(int fd, const char *name, int flags);
ssize_t __real_write(int fd, const void *data, size_t length);

int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fchown(int fd, uid_t uid, gid_t gid);
int __wrap_fsync(int fd);
int __wrap_openat(int fd, const char *name, int flags, ...);
int __wrap_renameat(int old_fd, const char *old, int new_fd, const char *new);
int __wrap_renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags);
int __wrap_unlinkat(int fd, const char *name, int flags);
ssize_t __wrap_write(int fd, const void *data, size_t length);

static bool in_run(void)
{
        return getpid() != test_pid;
}

static void book(int fd, bool is_synced)
{
        struct stat st;

        if (!in_run() || fstat(fd, &st) < 0)
                return;
        for (size_t i = 0; i < n_unsynced; i++)
                if (unsynced[i] == st.st_ino) {
                        if (is_synced)
                                unsynced[i] = unsynced[--n_unsynced];
                        return;
                }
        if (!is_synced && n_unsynced < UNSYNCED_MAX)
                unsynced[n_unsynced++] = st.st_ino;
}

/* A run that must not go on: the test sees that it was aborted. */
static void insist(bool condition, const char *what, const char *name)
{
        if (condition)
                return;
        fprintf(stderr, "power cut: %s: %s\n", name, what);
        abort();
}

static bool is_book_clear(int dir_fd, const char *name)
{
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return true;
        for (size_t i = 0; i < n_unsynced; i++)
                if (unsynced[i] == st.st_ino)
                        return false;
        return true;
}

/* Return: is this call to fail? */
static bool before(void)
{
        if (!in_run())
                return false;
        /* A disk is full for those only who write. */
        if (++n_steps != fault_at || fault == FAULT_NO_ROOM)
                return false;
        seen->is_reached = true;
        if (fault == FAULT_BEFORE)
                (void) kill(getpid(), SIGKILL);
        errno = EIO;
        return fault == FAULT_ERROR;
}

static void after(void)
{
        if (in_run() && n_steps == fault_at && (fault == FAULT_AFTER || fault == FAULT_TORN))
                (void) kill(getpid(), SIGKILL);
}

#define STEP(call, note)                                                                           \
        do {                                                                                       \
                int r_;                                                                            \
                if (before())                                                                      \
                        return -1;                                                                 \
                r_ = (call);                                                                       \
                if (r_ >= 0 && in_run())                                                           \
                        note;                                                                      \
                after();                                                                           \
                return r_;                                                                         \
        } while (false)

int __wrap_fchmod(int fd, mode_t mode)
{
        STEP(__real_fchmod(fd, mode), book(fd, false));
}

int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
        STEP(__real_fchown(fd, uid, gid), book(fd, false));
}

int __wrap_fsync(int fd)
{
        STEP(__real_fsync(fd), book(fd, true));
}

int __wrap_openat(int fd, const char *name, int flags, ...)
{
        mode_t mode = 0;

        if (flags & O_CREAT) {
                va_list ap;

                va_start(ap, flags);
                mode = va_arg(ap, mode_t);
                va_end(ap);
        }
        if (!in_run() || !(flags & O_CREAT))
                return __real_openat(fd, name, flags, mode);
        insist(mode == 0600, "is not root's alone from birth", name);
        STEP(__real_openat(fd, name, flags, mode), book(fd, false));
}

/* The very first rename of a run is where everything must be on disk. */
static void check_before_rename(int dir_fd, const char *name)
{
        if (!in_run())
                return;
        insist(is_book_clear(dir_fd, name), "renamed before it was synced", name);
        insist(seen->n_renames > 0 || n_unsynced == 0, "renamed before all was synced", name);
        seen->n_renames++;
}

int __wrap_renameat(int old_fd, const char *old, int new_fd, const char *new)
{
        check_before_rename(old_fd, old);
        STEP(__real_renameat(old_fd, old, new_fd, new), book(new_fd, false));
}

int __wrap_renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags)
{
        check_before_rename(old_fd, old);
        STEP(__real_renameat2(old_fd, old, new_fd, new, flags), book(new_fd, false));
}

int __wrap_unlinkat(int fd, const char *name, int flags)
{
        /* The old file is what a rename can be taken back by. */
        if (in_run() && seen->n_renames > 0 && fault != FAULT_ERROR && fault != FAULT_NO_ROOM)
                insist(is_book_clear(fd, "."), "removed before the renames were synced", name);
        STEP(__real_unlinkat(fd, name, flags), (void) 0);
}

ssize_t __wrap_write(int fd, const void *data, size_t length)
{
        struct stat st;
        ssize_t n;

        if (fd == STDERR_FILENO || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return __real_write(fd, data, length);
        if (before())
                return -1;
        if (in_run() && fault == FAULT_NO_ROOM && n_steps >= fault_at) {
                seen->is_reached = true;
                errno = ENOSPC;
                return -1;
        }
        if (in_run() && n_steps == fault_at && fault == FAULT_TORN)
                length /= 2;
        n = __real_write(fd, data, length);
        book(fd, false);
        after();
        return n;
}

/* One run in a process of its own. Return: its exit status; -1 when it was killed. */
static int run(Target *target, Fault kind, unsigned at)
{
        pid_t pid;
        int status;

        *seen = (typeof(*seen)){};
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                int r;

                fault = kind;
                fault_at = at;
                if (kind != FAULT_NONE)
                        assert_non_null(freopen("/dev/null", "w", stderr));
                r = target_run(target);
                _exit(r < 0 || r > 9 ? 9 : r == 0 && target->is_written ? EXIT_WRITTEN : r);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFSIGNALED(status)) {
                assert_int_equal(WTERMSIG(status), SIGKILL);
                return -1;
        }
        return WEXITSTATUS(status);
}

static bool is_of(Target *target, unsigned generation)
{
        return target_is_of(target, TARGET_KEY, "privkey.pem", generation) &&
               target_is_of(target, TARGET_CERTIFICATE, "cert.pem", generation) &&
               target_is_of(target, TARGET_FULL_CHAIN, "fullchain.pem", generation);
}

/* Is the key new, and everything that is not new ready beside its destination? */
static bool is_in_halves(Target *target)
{
        static const char *const beside[] = {TARGET_DIRECTORY "/.#cert.pem.acmeward",
                                             "etc/web-public/.#full.pem.acmeward"};
        static const char *const files[] = {"cert.pem", "fullchain.pem"};
        static const char *const paths[] = {TARGET_CERTIFICATE, TARGET_FULL_CHAIN};

        if (!target_is_of(target, TARGET_KEY, "privkey.pem", 2))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (!target_is_of(target, paths[i], files[i], 2) &&
                    !(target_has(target, beside[i]) &&
                      target_is_of(target, beside[i], files[i], 2)))
                        return false;
        return true;
}

static void assert_tidy(Target *target)
{
        assert_int_equal(target_count(target, TARGET_DIRECTORY), 5);
        assert_int_equal(target_count(target, "etc/web-public"), 3);
}

/* What the next runs make of what a fault has left. */
static void check_next_runs(Target *target)
{
        bool is_old = is_of(target, 1);
        int status;

        if (!is_old && !is_of(target, 2)) {
                assert_true(is_in_halves(target));
                /* A full disk does not keep it from being completed. */
                (void) run(target, FAULT_NO_ROOM, 1);
                assert_true(is_of(target, 2));
        }
        status = run(target, FAULT_NONE, 0);
        assert_true(status == EXIT_WRITTEN || (status == EXIT_DONE && !is_old));
        assert_true(is_of(target, 2));
        assert_tidy(target);
        assert_int_equal(run(target, FAULT_NONE, 0), EXIT_DONE);
}

static void play(Target *target, Fault kind)
{
        unsigned at;

        target_configure(target, TARGET_ALL);
        for (at = 1;; at += CALLS_STEP) {
                int status;

                target_make_live(target, 1);
                assert_true(run(target, FAULT_NONE, 0) <= EXIT_WRITTEN);
                assert_true(is_of(target, 1));
                target_make_live(target, 2);
                status = run(target, kind, at);
                if (!seen->is_reached) {
                        assert_int_equal(status, EXIT_WRITTEN);
                        break;
                }
                if (kind == FAULT_ERROR) {
                        /* Taken back, or done but for the removal of what was old. */
                        assert_int_equal(status, WRITER_E_FAILED);
                        assert_true(is_of(target, 1) || is_of(target, 2));
                } else
                        assert_int_equal(status, -1);
                check_next_runs(target);
        }
        /* That there is something to be killed in. */
        print_message("%u calls\n", at);
        assert_true(at > 30);
}

static void test_write__killed_before_each_call(void **state)
{
        play(*state, FAULT_BEFORE);
}

static void test_write__killed_after_each_call(void **state)
{
        play(*state, FAULT_AFTER);
}

static void test_write__killed_with_half_a_write(void **state)
{
        play(*state, FAULT_TORN);
}

static void test_write__each_call_fails(void **state)
{
        play(*state, FAULT_ERROR);
}

/* From each call on there is no more room: the old files stay, and no others. */
static void test_write__disk_full(void **state)
{
        Target *target = *state;

        target_configure(target, TARGET_ALL);
        assert_int_equal(run(target, FAULT_NONE, 0), EXIT_WRITTEN);
        target_make_live(target, 2);
        for (unsigned at = 1;; at++) {
                int status = run(target, FAULT_NO_ROOM, at);

                if (!seen->is_reached)
                        break;
                assert_int_equal(status, WRITER_E_FAILED);
                assert_true(is_of(target, 1));
                assert_tidy(target);
        }
        assert_true(is_of(target, 2));
}

/* Nothing was there before: a consumer finds no key without its certificate but for the moment
 * between the renames. */
static void test_write__first_run_killed(void **state)
{
        Target *target = *state;
        unsigned at;

        target_configure(target, TARGET_PAIR);
        for (at = 1;; at++) {
                bool has_key, has_certificate;

                (void) unlinkat(target->d->fd, TARGET_KEY, 0);
                (void) unlinkat(target->d->fd, TARGET_CERTIFICATE, 0);
                (void) run(target, FAULT_BEFORE, at);
                if (!seen->is_reached)
                        break;
                has_key = target_has(target, TARGET_KEY);
                has_certificate = target_has(target, TARGET_CERTIFICATE);
                assert_true(has_key == has_certificate ||
                            target_has(target, TARGET_DIRECTORY "/.#cert.pem.acmeward"));
                assert_true(has_key || !has_certificate);
                assert_true(run(target, FAULT_NONE, 0) <= EXIT_WRITTEN);
                assert_true(target_is_of(target, TARGET_KEY, "privkey.pem", 1));
                assert_true(target_is_of(target, TARGET_CERTIFICATE, "cert.pem", 1));
                assert_int_equal(target_count(target, TARGET_DIRECTORY), 3);
        }
        assert_true(at > 10);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, target_setup, target_teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_write__killed_before_each_call),
                        TEST(test_write__killed_after_each_call),
                        TEST(test_write__killed_with_half_a_write),
                        TEST(test_write__each_call_fails),
                        TEST(test_write__disk_full),
                        TEST(test_write__first_run_killed),
        };

        test_pid = getpid();
        seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (seen == MAP_FAILED)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
