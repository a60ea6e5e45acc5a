/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a chain: refused, or read into something that goes out and comes back the same, and
 * that every check survives. */

#include <openssl/evp.h>

#include "x509/certificate.h"
#include "x509/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static char name[] = "a.example", *names[] = {name, NULL};
        _cleanup_(chain_freep) Chain *chain = NULL, *again = NULL;
        _cleanup_free_ char *text = NULL;
        CertificateSummary summary;
        EVP_PKEY *key;
        size_t at;

        if (chain_parse((const char *) data, size, &chain, &at) != 0)
                return 0;
        /* Its own key, so that the checks behind that one are reached. */
        key = X509_get0_pubkey(chain_get(chain, 0));
        if (key && chain_verify(chain, key, names, 1800000000 * USEC_PER_SEC, &at) < 0)
                abort();
        if (certificate_summarize(chain_get(chain, 0), &summary) == 0)
                certificate_summary_done(&summary);
        if (chain_format(chain, 0, chain_length(chain), &text) < 0)
                abort();
        if (strlen(text) <= CHAIN_BYTES_MAX && (chain_parse(text, strlen(text), &again, &at) != 0 ||
                                                chain_length(again) != chain_length(chain)))
                abort();
        return 0;
}
