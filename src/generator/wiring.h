/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the configuration means to PID 1: drop-in files for units of ours, as a generator writes
 * them (systemd.generator(7)). They say which sockets there are, and where another web server looks
 * for tokens; everything that never changes is in the units themselves. */

#include "config/config.h"

/* Writes all drop-in files. directory_fd: the generator's directory, empty. has_ipv6: the kernel
 * has it, so that such an address can be had at all.
 * Return: 0; -errno, with part of them written. */
int wiring_write(const Config *config, bool has_ipv6, int directory_fd);
