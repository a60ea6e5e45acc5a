/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The textual encoding of certificates (RFC 7468), strictly. OpenSSL's reader passes over text and
 * blocks that it is not asked for; what is passed over would be installed. */

#include "base/macro.h"

/* One block, decoded. */
typedef int (*pem_block_t)(const unsigned char *der, size_t length, void *userdata);

/* Hands each CERTIFICATE block to block(), in order, until one does not return 0.
 * Return: 0; -EBADMSG when text is anything but such blocks, LF, CRLF and blank lines; -ENOMEM;
 * what block() returned. */
int pem_read_certificates(const char *text, size_t length, pem_block_t block, void *userdata);
