/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The live certificate: what ought to be served. */

#include "x509/chain.h"

typedef struct Expected {
        char *generation; /* which one is live */
        Chain *chain;     /* the certificate alone */
        X509 *leaf;       /* borrowed from chain */
        char *serial;
        char *fingerprint;
        bool is_placeholder;
        struct Expected *second; /* with a key of the other kind, where there are two; else NULL */
} Expected;
void expected_done(Expected *expected);

/* path: where PID 1 has mounted the live cert.pem. Return: 0; -ENOENT when nothing is live;
 * -EBADMSG when what is there is none that acmeward made; -errno. */
int expected_load(const char *path, Expected *ret);

/* The same of a certificate beside it. Return: 0, also when there is none; -EBADMSG; -errno. */
int expected_load_second(const char *path, Expected *expected);

/* Return: > 0 when another generation is live by now; 0. */
int expected_is_outdated(const Expected *expected, const char *name);
