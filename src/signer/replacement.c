/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What root has begun with acmectl replace --compromised: a certificate, or one of each key type,
 * is to be replaced and then revoked, since others know its key. The record of that counts from the
 * moment on at which it is written, so that what takes the certificate's place cannot have the key
 * again, whatever RenewKey= says, and whoever asked for it. */

#include "base/audit.h"
#include "base/log.h"
#include "signer/retired.h"
#include "signer/signer-internal.h"
#include "x509/certificate.h"

int signer_retire_key(Signer *signer, X509 *certificate)
{
        EVP_PKEY *key = X509_get0_pubkey(certificate);
        char fingerprint[RETIRED_FINGERPRINT_MAX];
        _cleanup_free_ char *serial = NULL;
        int r;

        r = key ? retired_has(signer->root, key) : -EBADMSG;
        if (r > 0)
                return 0;
        if (r == 0)
                r = retired_add(signer->root, key);
        if (r == 0)
                r = retired_fingerprint(key, fingerprint);
        if (r == 0)
                r = certificate_get_serial(certificate, &serial);
        if (r < 0)
                return r;
        audit(AUDIT_KEY_RETIRED,
              "Retired a key: no certificate will have it again",
              {AUDIT_FINGERPRINT, fingerprint},
              {AUDIT_SERIAL, serial});
        signer_drop_retired_keys(signer);
        return 0;
}

/* Return: 0; a RevocationRefusal; -errno. */
static int heed(Signer *signer, const RevocationRequest *request)
{
        X509 *certificate = NULL;
        int r;

        if (request->reason != REVOCATION_KEY_COMPROMISE)
                return 0;
        r = revocation_find_certificate(signer, request, &certificate);
        if (r == 0)
                r = signer_retire_key(signer, certificate);
        X509_free(certificate);
        return r;
}

static void warn(const Signer *signer, int error)
{
        log_warning("Failed to heed " REPLACEMENT_DIRECTORY "/%s: %s",
                    signer->name,
                    error < 0 ? strerror(-error)
                              : revocation_refusal_explain((RevocationRefusal) error));
}

void signer_heed_replacement(Signer *signer)
{
        RevocationRequest requests[REPLACED_MAX] = {};
        size_t n = 0;
        int r;

        r = revocation_read_replacement(signer, requests, &n);
        /* The ordinary case. */
        if (r == REVOCATION_E_NOT_REQUESTED)
                return;
        if (r != 0)
                warn(signer, r);
        FOREACH_ARRAY (request, requests, n) {
                r = heed(signer, request);
                if (r != 0)
                        warn(signer, r);
                revocation_request_done(request);
        }
}
