/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* May this chain be installed? The caller of the signer is not trusted to have checked anything,
 * and the CA may be mistaken: a chain that a TLS server could not use, or that is not ours, must
 * not take the place of one that works.
 *
 * Each check has a reason of its own, and OpenSSL's path validation comes last, for what is left
 * (path lengths, name constraints, critical extensions that nobody knows). */

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "x509/certificate.h"
#include "x509/chain.h"

#define RSA_BITS_MIN 2048
#define EC_BITS_MIN 256

/* NIST SP 800-57: SHA-224 and RSA-2048 have 112 bits; MD5 and SHA-1 are far below. */
#define SECURITY_BITS_MIN 112

/* For a kind of key that this table does not know: Ed25519 has 128, and so has ML-DSA-44. */
#define SECURITY_BITS_UNKNOWN_MIN 128

/* Return: 0, CHAIN_E_OTHER_NAMES, -ENOMEM. */
static int check_names(X509 *leaf, char *const *identifiers)
{
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = certificate_get_names(leaf, &names);
        if (r == -EBADMSG)
                return CHAIN_E_OTHER_NAMES;
        if (r < 0)
                return r;
        return strv_equal(names, identifiers) ? 0 : CHAIN_E_OTHER_NAMES;
}

static ChainReason check_time(X509 *certificate, usec_t now_usec)
{
        usec_t not_before_usec, not_after_usec;

        if (certificate_get_time(X509_get0_notBefore(certificate), &not_before_usec) < 0 ||
            certificate_get_time(X509_get0_notAfter(certificate), &not_after_usec) < 0)
                return CHAIN_E_MALFORMED;
        if (not_after_usec <= now_usec)
                return CHAIN_E_EXPIRED;
        return not_before_usec > now_usec + CHAIN_AHEAD_MAX_USEC ? CHAIN_E_NOT_YET_VALID : CHAIN_OK;
}

/* RFC 5280 sections 4.2.1.3 and 4.2.1.9. */
static bool is_authority(X509 *certificate)
{
        return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0;
}

static bool may_sign_certificates(X509 *certificate)
{
        /* All bits are set where there is no keyUsage. */
        return (X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) != 0;
}

/* RFC 5280 section 4.2.1.12. serverAuth has to be listed: an absent extension and
 * anyExtendedKeyUsage would do for some TLS clients and not for others, and no CA that issues for
 * servers leaves it out (CA/Browser Forum baseline requirements, 7.1.2.7.10). */
static bool is_for_servers(X509 *certificate)
{
        static const uint32_t tls_usages =
                        KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT;

        if (!(X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) ||
            !(X509_get_extended_key_usage(certificate) & XKU_SSL_SERVER))
                return false;
        return (X509_get_key_usage(certificate) & tls_usages) != 0;
}

bool certificate_key_is_strong(EVP_PKEY *key)
{
        switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
        case EVP_PKEY_RSA_PSS:
                return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
        case EVP_PKEY_EC:
                return EVP_PKEY_get_bits(key) >= EC_BITS_MIN;
        case EVP_PKEY_DSA:
        case EVP_PKEY_DH:
                return false;
        default:
                return EVP_PKEY_get_security_bits(key) >= SECURITY_BITS_UNKNOWN_MIN;
        }
}

static bool key_is_strong(X509 *certificate)
{
        EVP_PKEY *key = X509_get0_pubkey(certificate);

        return key && certificate_key_is_strong(key);
}

static bool signature_is_strong(X509 *certificate)
{
        int digest, security_bits;

        /* Fails for an algorithm that this OpenSSL does not know. */
        if (X509_get_signature_info(certificate, &digest, NULL, &security_bits, NULL) != 1)
                return false;
        return digest != NID_md5 && digest != NID_sha1 && security_bits >= SECURITY_BITS_MIN;
}

/* A root at the end signs itself: with what does not matter to anybody. */
static bool is_root(X509 *certificate)
{
        return X509_NAME_cmp(X509_get_subject_name(certificate),
                             X509_get_issuer_name(certificate)) == 0;
}

/* Return: 0, a ChainReason, -ENOMEM. */
static int check_leaf(X509 *leaf, EVP_PKEY *key, char *const *identifiers)
{
        EVP_PKEY *leaf_key = X509_get0_pubkey(leaf);
        int r;

        if (!leaf_key || EVP_PKEY_eq(leaf_key, key) != 1)
                return CHAIN_E_OTHER_KEY;
        r = check_names(leaf, identifiers);
        if (r != 0)
                return r;
        if (is_authority(leaf) ||
            ((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) && may_sign_certificates(leaf)))
                return CHAIN_E_AUTHORITY;
        return is_for_servers(leaf) ? 0 : CHAIN_E_PURPOSE;
}

static ChainReason check_issuer(X509 *certificate, X509 *issuer)
{
        if (X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(issuer)) != 0)
                return CHAIN_E_ISSUER_NAME;
        if (!is_authority(issuer) || !may_sign_certificates(issuer))
                return CHAIN_E_NOT_AUTHORITY;
        if (X509_verify(certificate, X509_get0_pubkey(issuer)) != 1)
                return CHAIN_E_BAD_SIGNATURE;
        return CHAIN_OK;
}

static ChainReason check_strength(const Chain *chain, size_t i)
{
        X509 *certificate = chain_get(chain, i);
        bool ends = i + 1 == chain_length(chain);

        if (!key_is_strong(certificate))
                return CHAIN_E_WEAK_KEY;
        if (!signature_is_strong(certificate) && !(i > 0 && ends && is_root(certificate)))
                return CHAIN_E_WEAK_SIGNATURE;
        return CHAIN_OK;
}

static void store_freep(X509_STORE **store)
{
        X509_STORE_free(*store);
}

static void store_ctx_freep(X509_STORE_CTX **ctx)
{
        X509_STORE_CTX_free(*ctx);
}

static void stack_freep(STACK_OF(X509) * *stack)
{
        sk_X509_free(*stack);
}

/* RFC 5280 section 6.1 with the last certificate as the trust anchor.
 * Return: 0; CHAIN_E_PATH, *ret_at is where then; -ENOMEM. */
static int check_path(const Chain *chain, size_t *ret_at)
{
        _cleanup_(stack_freep) STACK_OF(X509) *others = sk_X509_new_null();
        _cleanup_(store_freep) X509_STORE *store = X509_STORE_new();
        _cleanup_(store_ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
        X509_VERIFY_PARAM *param;
        size_t n = chain_length(chain);
        int depth;

        if (!others || !store || !ctx || X509_STORE_add_cert(store, chain_get(chain, n - 1)) != 1)
                return -ENOMEM;
        for (size_t i = 1; i < n; i++)
                if (sk_X509_push(others, chain_get(chain, i)) <= 0)
                        return -ENOMEM;
        if (X509_STORE_CTX_init(ctx, store, chain_get(chain, 0), others) != 1)
                return -ENOMEM;
        param = X509_STORE_CTX_get0_param(ctx);
        /* The times have been looked at, with an hour's grace that OpenSSL does not know. */
        (void) X509_VERIFY_PARAM_set_flags(param,
                                           X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
        (void) X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
        if (X509_verify_cert(ctx) == 1)
                return 0;
        depth = X509_STORE_CTX_get_error_depth(ctx);
        *ret_at = depth > 0 ? MIN((size_t) depth, n - 1) : 0;
        return CHAIN_E_PATH;
}

static int
verify(const Chain *chain, EVP_PKEY *key, char *const *identifiers, usec_t now_usec, size_t *ret_at)
{
        size_t n = chain_length(chain);
        int r;

        *ret_at = 0;
        r = check_leaf(chain_get(chain, 0), key, identifiers);
        if (r != 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                *ret_at = i;
                r = check_strength(chain, i);
                if (r == 0)
                        r = check_time(chain_get(chain, i), now_usec);
                if (r == 0 && i > 0)
                        r = check_issuer(chain_get(chain, i - 1), chain_get(chain, i));
                if (r != 0)
                        return r;
        }
        return check_path(chain, ret_at);
}

int chain_verify(const Chain *chain,
                 EVP_PKEY *key,
                 char *const *identifiers,
                 usec_t now_usec,
                 size_t *ret_at)
{
        int r = verify(chain, key, identifiers, now_usec, ret_at);

        /* OpenSSL notes why; we have said it in our own words. */
        ERR_clear_error();
        return r;
}
