/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which of several chains for one certificate is wanted. They differ behind the first certificate,
 * and in the last one above all: an authority that is young has an older one sign for it, and who
 * has old clients wants the chain that leads there. */

#include <strings.h>

#include "x509/certificate.h"
#include "x509/chain.h"

int chain_get_preference(const Chain *chain, const char *wanted, ChainPreference *ret)
{
        ChainPreference preference = CHAIN_OTHER;
        size_t n = chain_length(chain);
        int r;

        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *fingerprint = NULL, *issuer = NULL;

                r = certificate_get_fingerprint(chain_get(chain, i), &fingerprint);
                if (r == 0)
                        r = certificate_get_issuer(chain_get(chain, i), &issuer);
                if (r < 0)
                        return r;
                if (streq(fingerprint, wanted))
                        preference = CHAIN_PREFERRED;
                else if (strcasecmp(issuer, wanted) == 0)
                        preference = MAX(preference,
                                         i + 1 == n ? CHAIN_PREFERRED : CHAIN_HAS_ISSUER);
        }
        *ret = preference;
        return 0;
}
