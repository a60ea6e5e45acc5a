/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where what is live is, for who has nothing to do with certificates. */

#include "base/macro.h"

/* The files of a generation. */
#define PRIVKEY_FILE "privkey.pem" /* 0600, the signer's and root's; none where it is not ours */
#define CERT_FILE "cert.pem"       /* the certificate alone */
#define CHAIN_FILE "chain.pem"     /* its issuers', empty when there are none */
#define FULLCHAIN_FILE "fullchain.pem" /* both */

/* Which generation is live now: has it changed since? root: put before every path, "" but in tests.
 * name: a valid certificate's name. Return: 0; -ENOENT when nothing is live; -EBADMSG when the link
 * is none that acmeward made; -errno. */
int live_generation(const char *root, const char *name, char **ret);

/* Its directory, whose files are to be opened with O_NOFOLLOW. Return: the descriptor; -EBADMSG;
 * -errno. */
int live_generation_open(const char *root, const char *name, const char *generation);
