/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PID 1, or the child of it that becomes the unit's process, connects once for each credential, and
 * a renewal may come in between. So the generation that a process got its first credential from is
 * held open, and the next ones come from there. The process is told by its number together with a
 * file descriptor for it, as numbers are used again.
 *
 * Where there is no such descriptor (a process of another pid namespace has the number 0 for us)
 * every request gets what is live at its moment. */

#include <poll.h>
#include <sys/syscall.h>

#include "credentials/starts.h"

static void start_free(Start *start)
{
        if (!start)
                return;
        if (start->pidfd >= 0)
                close(start->pidfd);
        free(start->name);
        live_free(start->live);
        free(start);
}
DEFINE_CLEANUP(Start *, start_free);

void starts_done(Starts *starts)
{
        FOREACH_ARRAY (entry, starts->entries, ELEMENTSOF(starts->entries))
                start_free(*entry);
}

/* Is it the process that came then, and not one that has its number now? */
static bool is_alive(const Start *start)
{
        struct pollfd p = {.fd = start->pidfd, .events = POLLIN};

        return start->pidfd >= 0 && poll(&p, 1, 0) == 0;
}

static const Start *find(const Starts *starts, pid_t pid, const char *name)
{
        for (size_t i = 0; i < STARTS_MAX; i++) {
                const Start *start = starts->entries[i];

                if (start && start->pid == pid && streq(start->name, name) && is_alive(start))
                        return start;
        }
        return NULL;
}

int starts_open(Starts *starts, const char *root, pid_t pid, const char *name, const Live **ret)
{
        const Start *known = find(starts, pid, name);
        _cleanup_(start_freep) Start *start = NULL;
        int r;

        if (known) {
                *ret = known->live;
                return 0;
        }
        start = calloc(1, sizeof(*start));
        if (!start)
                return -ENOMEM;
        /* It lives: it waits for our answer. glibc has a name for this call only since 2.36. */
        start->pidfd = pid > 0 ? (int) syscall(SYS_pidfd_open, pid, 0) : -EBADF;
        start->pid = pid;
        r = free_and_strdup(&start->name, name);
        if (r >= 0)
                r = live_open(root, name, &start->live);
        if (r < 0)
                return r;
        *ret = start->live;
        start_free(starts->entries[starts->next]);
        starts->entries[starts->next] = TAKE_PTR(start);
        starts->next = (starts->next + 1) % STARTS_MAX;
        return 0;
}
