/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The end of a burst: who is waited for, and for how long. What PID 1 says and what time it is are
 * the test's; so are the marks. */

#include "base/strv.h"
#include "base/test.h"
#include "deploy/burst.h"
#include "deploy/deploy.h"

#define NAME "a.example"

static struct {
        usec_t now_usec;
        usec_t until_usec;  /* busy is busy until then */
        const char *busy;   /* a unit */
        const char *marked; /* who waits, too */
        int error;
} world;

usec_t __wrap_now_monotonic(void);
int __wrap_nanosleep(const struct timespec *pause, struct timespec *left);
int __wrap_access(const char *path, int mode);
int __wrap_manager_list_busy(Manager *manager, const char *pattern, char ***ret);

usec_t __wrap_now_monotonic(void)
{
        return world.now_usec;
}

int __wrap_nanosleep(const struct timespec *pause, struct timespec *left _unused_)
{
        world.now_usec += (usec_t) pause->tv_nsec / 1000;
        return 0;
}

int __wrap_access(const char *path, int mode _unused_)
{
        const char *name = startswith(path, DEPLOY_RUN_DIRECTORY "/waiting=");

        errno = ENOENT;
        return name && world.marked && streq(name, world.marked) ? 0 : -1;
}

int __wrap_manager_list_busy(Manager *manager _unused_, const char *pattern, char ***ret)
{
        size_t n = strcspn(pattern, "*");

        *ret = NULL;
        if (world.error < 0)
                return world.error;
        assert_string_equal(pattern + n, "*.service");
        if (world.busy && world.now_usec < world.until_usec && strncmp(world.busy, pattern, n) == 0)
                assert_int_equal(strv_append(ret, world.busy), 0);
        return 0;
}

/* Return: how long it was waited. */
static usec_t wait_with(const char *busy, usec_t until_usec, const char *marked)
{
        world.now_usec = 0;
        world.until_usec = until_usec;
        world.busy = busy;
        world.marked = marked;
        burst_wait(NULL, NAME);
        return world.now_usec;
}

#define SOON (500 * USEC_PER_MSEC)

static void test_wait__who_is_waited_for(void **state _unused_)
{
        static const struct {
                const char *what, *busy, *marked;
                bool is_waited_for;
        } rows[] = {
                        {"nobody", NULL, NULL, false},
                        {"another renewal", "acme-renew@b.example.service", NULL, true},
                        {"another deploy", "acme-deploy@b.example.service", NULL, true},
                        {"a deploy that waits",
                         "acme-deploy@b.example.service",
                         "b.example",
                         false},
                        {"a renewal behind such a deploy",
                         "acme-renew@b.example.service",
                         "b.example",
                         false},
                        {"a third one that waits",
                         "acme-deploy@b.example.service",
                         "c.example",
                         true},
                        {"our own renewal", "acme-renew@" NAME ".service", NULL, false},
                        {"ourselves", "acme-deploy@" NAME ".service", NULL, false},
                        {"no name", "acme-deploy@.service", NULL, false},
                        {"no name of ours", "acme-deploy@Not\\x20Ours.service", NULL, false},
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                usec_t waited = wait_with(row->busy, 3 * USEC_PER_SEC, row->marked);

                assert_row(row->what,
                           row->is_waited_for ? waited >= 3 * USEC_PER_SEC : waited < SOON);
                assert_row(row->what, waited < 3 * USEC_PER_SEC + SOON);
        }
}

static void test_wait__not_for_ever(void **state _unused_)
{
        usec_t waited = wait_with("acme-renew@b.example.service", USEC_INFINITY, NULL);

        assert_true(waited >= 20 * USEC_PER_SEC && waited < 21 * USEC_PER_SEC);
}

static void test_wait__nobody_knows(void **state _unused_)
{
        world.error = -ENOTCONN;
        assert_int_equal(wait_with(NULL, 0, NULL), 0);
        world.error = 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_wait__who_is_waited_for),
                        cmocka_unit_test(test_wait__not_for_ever),
                        cmocka_unit_test(test_wait__nobody_knows),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
