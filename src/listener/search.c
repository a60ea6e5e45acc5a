/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The search for what can be bound. The usual case is one try that succeeds; with a web server on
 * the port of one or both families it takes as many tries as there are addresses, and one. */

#include "listener/search.h"

typedef struct Search {
        const ListenAddress *addresses;
        size_t n;
        ListenFunction listen;
        void *userdata;
        bool *bound;
} Search;

/* Tries the addresses that are bound already together with addresses[more]; more == n: without. */
static int try_with(const Search *s, size_t more)
{
        ListenAddress wanted[CONFIG_LISTEN_MAX];
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++)
                if (s->bound[i] || i == more)
                        wanted[n++] = s->addresses[i];
        /* All of them together is what has failed already. */
        if (n == s->n && n > 1)
                return LISTEN_E_BIND;
        return s->listen(wanted, n, s->userdata);
}

/* Return: how many are bound, -errno. */
static int grow(const Search *s)
{
        bool listens = false; /* on exactly those that are bound */
        size_t n = 0;
        int r;

        for (size_t i = 0; i < s->n; i++) {
                r = try_with(s, i);
                if (r < 0)
                        return r;
                s->bound[i] = r == 0;
                n += r == 0;
                /* A try that is not made because its end is known disturbs nothing. */
                listens = r == 0 || (listens && n + 1 == s->n);
        }
        if (n > 0 && !listens) {
                r = try_with(s, s->n);
                if (r < 0)
                        return r;
                /* Somebody has been quicker just now. */
                if (r > 0) {
                        memset(s->bound, 0, s->n * sizeof(*s->bound));
                        return 0;
                }
        }
        return (int) n;
}

int listen_search(const ListenAddress *addresses,
                  size_t n,
                  ListenFunction listen,
                  void *userdata,
                  bool ret_bound[])
{
        int r;

        assert(n <= CONFIG_LISTEN_MAX);
        memset(ret_bound, 0, n * sizeof(*ret_bound));
        if (n == 0)
                return 0;
        r = listen(addresses, n, userdata);
        if (r < 0)
                return r;
        if (r == 0) {
                memset(ret_bound, true, n * sizeof(*ret_bound));
                return (int) n;
        }
        if (n == 1)
                return 0;
        return grow(&(Search){addresses, n, listen, userdata, ret_bound});
}
