/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A few threads that take one endpoint after the other. They share the plan's endpoints, of which
 * each has its own, and read everything else; what is found is told by who waits for them. */

#include "verify/watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "verify/look.h"

/* What the resolver's modules and a handshake need, many times over. */
#define STACK_BYTES (512U * 1024U)

typedef struct Watch {
        Endpoint *endpoints;
        size_t n;
        const Expected *expected;
        const char *name;
        SSL_CTX *context;
        usec_t deadline_usec; /* monotonic */
        atomic_size_t next;
        atomic_int outcome; /* 0, or what watch() is to return */
} Watch;

static void ssl_ctx_freep(SSL_CTX **context)
{
        SSL_CTX_free(*context);
}

static void pause_for(usec_t span_usec)
{
        const struct timespec span = {
                        .tv_sec = (time_t) (span_usec / USEC_PER_SEC),
                        .tv_nsec = (long) (span_usec % USEC_PER_SEC * 1000),
        };

        (void) nanosleep(&span, NULL);
}

/* Return: 0; WATCH_E_OUTDATED; -errno. */
static int watch_one(Watch *w, Endpoint *endpoint)
{
        usec_t pause_usec = PAUSE_FIRST_USEC;
        int r;

        for (;;) {
                finding_done(&endpoint->finding);
                endpoint->n_looks++;
                r = endpoint_look(endpoint, w->expected, w->context, &endpoint->finding);
                if (r < 0 || endpoint->finding.reason == VERIFY_OK)
                        return r;
                if (expected_is_outdated(w->expected, w->name))
                        return WATCH_E_OUTDATED;
                if (atomic_load(&w->outcome) != 0 ||
                    now_monotonic() + pause_usec > w->deadline_usec)
                        return 0;
                pause_for(pause_usec);
                pause_usec = MIN(2 * pause_usec, PAUSE_MAX_USEC);
        }
}

static void *run(void *userdata)
{
        Watch *w = userdata;

        for (;;) {
                size_t i = atomic_fetch_add(&w->next, 1);
                int r;

                if (i >= w->n)
                        return NULL;
                r = watch_one(w, w->endpoints + i);
                if (r != 0)
                        atomic_store(&w->outcome, r);
        }
}

/* Return: 0 when one thread runs at least; -errno. */
static int start(Watch *w, pthread_t threads[static WATCHERS_MAX], size_t *ret_n)
{
        size_t wanted = MIN(w->n, (size_t) WATCHERS_MAX), n = 0;
        pthread_attr_t attributes;
        int r;

        r = pthread_attr_init(&attributes);
        if (r != 0)
                return -r;
        r = pthread_attr_setstacksize(&attributes, STACK_BYTES);
        while (r == 0 && n < wanted) {
                r = pthread_create(threads + n, &attributes, run, w);
                if (r == 0)
                        n++;
        }
        (void) pthread_attr_destroy(&attributes);
        *ret_n = n;
        return n > 0 ? 0 : -r;
}

int watch(Endpoint *endpoints, size_t n, const Expected *expected, const char *name)
{
        _cleanup_(ssl_ctx_freep) SSL_CTX *context = NULL;
        pthread_t threads[WATCHERS_MAX];
        size_t n_threads = 0;
        Watch w = {
                        .endpoints = endpoints,
                        .n = n,
                        .expected = expected,
                        .name = name,
                        .deadline_usec = now_monotonic() + WATCH_USEC,
        };
        int r;

        r = tls_context_new(&context);
        if (r < 0)
                return r;
        w.context = context;
        r = start(&w, threads, &n_threads);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_threads; i++)
                (void) pthread_join(threads[i], NULL);
        return atomic_load(&w.outcome);
}
