/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which of the addresses that are to be listened on are: PID 1 has handed their sockets over. */

#include "config/config.h"

typedef struct Port {
        ListenAddress bound[CONFIG_LISTEN_MAX];
        size_t n_bound;
        char *listen;  /* these in words, "" when there are none */
        char *foreign; /* the others, which could not be bound */
} Port;

void port_done(Port *port);

/* words: the addresses that PID 1 was told to listen on, at most CONFIG_LISTEN_MAX.
 * Return: 0; -EINVAL when a word is no address; -errno. ret needs no initialisation, and is for
 * port_done() in every case. */
int port_find(char *const *words, Port *ret);

/* The journal is told; and PID 1's file on standard output, whose line the challenge rooms wait
 * for, and from which port_report_closed() has it when nothing is listened on any more. Return: 0;
 * -errno. */
int port_report(const Port *port, bool is_alpn);

/* Audits that what port_report() wrote down is closed, nothing where nothing was, and empties the
 * file.
 * Return: 0; -errno. */
int port_report_closed(bool is_alpn);
