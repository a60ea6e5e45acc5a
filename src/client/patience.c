/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The budget of waiting, and the pace of polling. */

#include "client/patience.h"

#include <poll.h>

/* 50, 100, 200, 400 and 800 ms. */
#define RELOAD_FIRST_MSEC 50
#define RELOAD_PAUSES 5U

void patience_init(Patience *patience, usec_t now_usec)
{
        *patience = (Patience){.end_usec = now_usec + RUN_MAX_USEC};
        patience_turn(patience, now_usec, 1);
}

void patience_turn(Patience *patience, usec_t now_usec, size_t n)
{
        usec_t left_usec = patience->end_usec > now_usec ? patience->end_usec - now_usec : 0;

        patience->left_usec = PATIENCE_MAX_USEC;
        patience->until_usec = now_usec;
        patience->span_usec = left_usec / MAX(n, 1U);
        patience->deadline_usec = now_usec + patience->span_usec;
}

bool patience_take(Patience *patience, usec_t now_usec, usec_t until_usec)
{
        usec_t from_usec = MAX(patience->until_usec, now_usec);
        usec_t span_usec = until_usec > from_usec ? until_usec - from_usec : 0;

        if (span_usec > patience->left_usec || until_usec > patience->deadline_usec)
                return false;
        patience->left_usec -= span_usec;
        patience->until_usec = MAX(from_usec, until_usec);
        return true;
}

usec_t poll_pause_usec(unsigned n)
{
        usec_t pause_usec = POLL_FIRST_USEC;

        /* 5, 10, 20, 40 ms, …: a CA that takes a while is asked seven times in the first second. */
        for (; n > 0 && pause_usec < POLL_LAST_USEC; n--)
                pause_usec *= 2;
        return MIN(pause_usec, POLL_LAST_USEC);
}

bool reload_pause(unsigned n)
{
        if (n == 0 || n > RELOAD_PAUSES)
                return false;
        (void) poll(NULL, 0, RELOAD_FIRST_MSEC << (n - 1));
        return true;
}

bool poll_looks_at_authorizations(unsigned n)
{
        /* After about two seconds, and then every 15 to 20: a request for each name that is
         * pending. */
        return n >= 8 && n % 4 == 0;
}
