/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Credentials encrypted for this machine, by systemd-creds(1). */

#include "base/macro.h"

/* Base64 with line ends, and what encryption adds. */
#define SEAL_BYTES_MAX (256U * 1024U)

/* Encrypts a credential for its name, or decrypts it. *ret: owned. What systemd-creds says of a
 * failure goes to standard error. Return: 0; -EIO when it has failed; -ENOENT when there is none;
 * -EFBIG; -errno. */
int seal_close(const char *name, const char *text, size_t length, char **ret);
int seal_open(const char *name, const char *sealed, size_t length, char **ret);
