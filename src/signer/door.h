/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signer's doors. PID 1 mounts each into one unit only, so that the door that a call comes in
 * by says for sure whose call it is, which a pid or a uid would not. */

#include "base/macro.h"

typedef enum Door {
        DOOR_RENEW = 1 << 0,       /* acme-renew@: everything about an order */
        DOOR_CHALLENGE = 1 << 1,   /* acme-challenge@: key authorizations */
        DOOR_PLACEHOLDER = 1 << 2, /* acme-placeholder@ */
        DOOR_DNS = 1 << 3,         /* acme-dns@: their digests */
        DOOR_REVOKE = 1 << 4,      /* acme-revoke@: what root has asked to be revoked */
        DOOR_ALPN = 1 << 5,        /* acme-challenge-alpn@: certificates with these in them */
        DOOR_ACCOUNT = 1 << 6,     /* acme-account@, of an account's signer alone */
        DOOR_IMPORT = 1 << 7,      /* acme-import-key@: a key that root has brought */
        DOOR_DISTANT = 1 << 8, /* acme-signer-bridge@: a signer that has the certificate's key */
} Door;

/* As many has a certificate's signer. */
#define DOORS 8U

/* "/run/acme/signer/" and the like: the directory of the door's socket, which is called NAME. */
const char *door_directory(Door door);

/* Which door of NAME a listening socket is. Return: 0, -ENOTCONN when it is none of them. */
int door_of_socket(int fd, const char *name, Door *ret);

/* "acme-renew@NAME.service". door: 0 for one without a number. Return: buffer. */
#define DOOR_UNIT_MAX 128U
const char *door_unit(unsigned door, const char *name, char buffer[static DOOR_UNIT_MAX]);
