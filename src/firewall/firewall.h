/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The room's deeds, each one transaction with the kernel's packet filter. */

#include "config/config.h"

/* Lets TCP connections to the addresses in, as the configuration says how. listen: the addresses in
 * words. What the packet filter refuses is audited and no error: the port may be open all the same.
 * Return: 0; -EBADMSG when libnftables answers in a way that we do not know; -errno. */
int firewall_open(const Config *config,
                  const ListenAddress *addresses,
                  size_t n_addresses,
                  const char *listen);

/* Takes out all that is ours, whatever the mode is now. config: NULL when it could not be read,
 * which must not keep the port open. What the packet filter refuses is audited. Return: as above.
 */
int firewall_close(const Config *config);

/* Where elements of a set end by themselves, gives ours their whole time again; never opens anew.
 * Return: as above. */
int firewall_prolong(const Config *config);
