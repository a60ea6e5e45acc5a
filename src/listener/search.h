/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which of the configured addresses can be bound, when not all of them can: others serve the rest.
 */

#include "config/config.h"

/* Listens on exactly these addresses, with nothing of an earlier call left; none: stop listening.
 * Return: 0; LISTEN_E_BIND when at least one of them cannot be bound; -errno. */
enum {
        LISTEN_E_BIND = 1,
};
typedef int (*ListenFunction)(const ListenAddress *addresses, size_t n, void *userdata);

/* Listens on as many addresses as can be had, taken in their order. The bind itself is the check:
 * who looks first and binds then is wrong in between. ret_bound[i] says whether addresses[i] is
 * listened on when the search ends.
 * Return: the number of addresses that are listened on, may be 0; -errno. */
int listen_search(const ListenAddress *addresses,
                  size_t n,
                  ListenFunction listen,
                  void *userdata,
                  bool ret_bound[]);
