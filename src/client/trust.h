/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whom libcurl trusts: the system's certificates, and those of Trust= beside them. */

#include "client/curl-library.h"

#include "base/macro.h"

/* The system's bundle has 220 KiB; Trust= has a few roots of one's own. */
#define TRUST_BYTES_MAX (4U * 1024U * 1024U)

typedef struct Trust {
        /* A directory by hash, of which OpenSSL reads only the one certificate that it needs,
         * instead of 140 of them (several milliseconds), and a file beside it; */
        const char *directory;
        char *file; /* NULL: none */
        /* or both in one, where the system has no such directory; */
        char *bundle;
        size_t bundle_length;
        /* or neither: what libcurl was built with. */
} Trust;

/* extra: an absolute path, or NULL. Return: 0; -errno when a file cannot be read. */
int trust_find(const CurlLibrary *curl, const char *extra, Trust *ret);
void trust_done(Trust *trust);
