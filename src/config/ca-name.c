/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* HOST[-PORT]-DIGEST, such as "acme.example.net-9ae16a3b2f90404f". The digest keeps two directories
 * of one host apart; whoever could make two URLs collide on purpose writes the configuration
 * anyway, so it need not be cryptographic, and no process has to load a library for it. */

#include <inttypes.h>

#include "acme/url.h"
#include "base/name.h"
#include "config/ca-name.h"

/* FNV-1a with 64 bits (draft-eastlake-fnv). */
#define FNV_OFFSET_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

/* '-' and 16 digits. */
#define SUFFIX_LENGTH 17U

static uint64_t fnv1a(const char *s)
{
        uint64_t hash = FNV_OFFSET_BASIS;

        for (; *s; s++)
                hash = (hash ^ (unsigned char) *s) * FNV_PRIME;
        return hash;
}

int ca_name_from_url(const char *url, char **ret)
{
        _cleanup_free_ char *origin = NULL;
        char host[CERTIFICATE_NAME_MAX - SUFFIX_LENGTH + 1];
        size_t n = 0;
        int r;

        r = acme_url_origin(url, &origin);
        if (r < 0)
                return r;
        for (const char *p = origin + strlen("https://"); *p && n < sizeof(host) - 1; p++) {
                bool is_plain = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9');

                if (is_plain || (n > 0 && *p == '.'))
                        host[n++] = *p;
                else if (n > 0)
                        host[n++] = '-';
        }
        host[n] = 0;
        if (asprintf(ret, "%s%s%016" PRIx64, host, n > 0 ? "-" : "", fnv1a(url)) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}
