/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finalize (RFC 8555 section 7.4): for the key here; and, where the account's key is here and the
 * certificate's on another machine, for a signing request that comes with the call. That is the one
 * thing that a caller may bring, so that it may say nothing but a key. */

#include "acme/token.h"
#include "acme/url.h"
#include "base/base64url.h"
#include "config/key-type.h"
#include "signer/csr.h"
#include "signer/policy.h"
#include "signer/retired.h"

/* REQUEST_BYTES_MAX in base64url. */
#define CSR_LETTERS_MAX ((REQUEST_BYTES_MAX * 4U + 2U) / 3U)

const JsonField finalize_request_fields[] = {
                REQUEST_URL_AND_NONCE,
                {"csr",
                 JSON_STRING,
                 offsetof(RequestParameters, csr),
                 CSR_LETTERS_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

int finalize_make_csr(Signer *signer, VarlinkCall *call, char **ret)
{
        _cleanup_free_ unsigned char *der = NULL;
        const CertificateRequest *foreign = &signer->foreign_key.request;
        EVP_PKEY *key;
        size_t length;
        int r;

        r = foreign_key_admit(signer, call);
        if (r != 0)
                return r;
        r = signer_certificate_key(signer, &key);
        if (r < 0)
                return policy_store_failed(signer,
                                           call,
                                           r,
                                           "Failed to make a key for %s below " STORE_PATH "/certs",
                                           signer->name);
        if (!foreign->der)
                r = csr_make(key, signer->config->identifiers, &der, &length);
        if (r < 0)
                return r;
        *ret = der ? base64url_encode(der, length)
                   : base64url_encode(foreign->der, foreign->length);
        return *ret ? 0 : -ENOMEM;
}

static int compose(const char *csr, char **ret)
{
        struct json_object *payload = json_object_new_object();

        if (!payload || json_add_string(payload, "csr", csr) < 0) {
                json_object_put(payload);
                return -ENOMEM;
        }
        return format_payload(payload, ret);
}

int finalize_compose(Signer *signer,
                     VarlinkCall *call,
                     const RequestParameters *p _unused_,
                     char **ret)
{
        _cleanup_free_ char *csr = NULL;
        int r;

        r = finalize_make_csr(signer, call, &csr);
        return r != 0 ? r : compose(csr, ret);
}

/* Return: POLICY_E_REFUSED, -errno. */
static int refuse(Signer *signer, VarlinkCall *call, const char *reason, const char *why)
{
        _cleanup_json_ struct json_object *parameters = json_object_new_object();
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message, "Refused a signing request that came with the call: %s", why) < 0) {
                message = NULL;
                return -ENOMEM;
        }
        if (!parameters || json_add_string(parameters, "reason", reason) < 0 ||
            json_add_string(parameters, "message", message) < 0)
                return -ENOMEM;
        return policy_refuse(signer, call, "RequestRefused", TAKE_PTR(parameters), message, NULL);
}

/* DER, and exactly what was understood. Return: 0; POLICY_E_REFUSED; -errno. */
static int parse(Signer *signer, VarlinkCall *call, const char *csr, CertificateRequest *ret)
{
        static const char *const words[REQUEST_REASON_MAX] = {
                        [REQUEST_E_NOT_REQUEST] = "notRequest",
                        [REQUEST_E_TOO_LARGE] = "tooLarge",
                        [REQUEST_E_SIGNATURE] = "signature",
                        [REQUEST_E_WEAK_KEY] = "weakKey",
                        [REQUEST_E_NAMES] = "names",
                        [REQUEST_E_COMMON_NAME] = "names",
        };
        _cleanup_free_ char *der = malloc(REQUEST_BYTES_MAX);
        size_t length;
        int r;

        if (!der)
                return -ENOMEM;
        r = base64url_decode(csr, der, REQUEST_BYTES_MAX, &length);
        if (r < 0)
                return refuse(signer,
                              call,
                              r == -EFBIG ? "tooLarge" : "notRequest",
                              r == -EFBIG ? "it is larger than 32 KiB" : "it is no base64url");
        r = certificate_request_parse(der, length, ret);
        if (r > 0)
                return refuse(signer,
                              call,
                              words[r],
                              certificate_request_explain((CertificateRequestReason) r));
        if (r == 0 && (ret->length != length || memcmp(ret->der, der, length) != 0))
                return refuse(signer, call, "notRequest", "it is not in DER");
        return r;
}

static bool is_configured_key_type(const Config *config, EVP_PKEY *key)
{
        KeyType type = key_get_type(key);

        FOREACH_ARRAY (configured, config->key_types, config->n_key_types)
                if (*configured == type)
                        return true;
        return false;
}

/* RFC 8555 section 11.1; and others may know it. Return: 0; POLICY_E_REFUSED; -errno. */
static int admit_key(Signer *signer, VarlinkCall *call, EVP_PKEY *key)
{
        int r;

        if (!is_configured_key_type(signer->config, key))
                return refuse(signer,
                              call,
                              "keyType",
                              "its key is of none of the types of KeyType=");
        r = retired_has(signer->root, key);
        if (r > 0)
                return refuse(signer, call, "retired", "its key is retired, others may know it");
        if (r == 0)
                r = accounts_have_key(signer->root, key);
        if (r > 0)
                return refuse(signer, call, "account", "its key is an account's at a CA");
        if (r < 0)
                return policy_store_failed(signer,
                                           call,
                                           r,
                                           "Failed to look whether a key for %s may be used",
                                           signer->name);
        return 0;
}

int finalize_compose_request(Signer *signer,
                             VarlinkCall *call,
                             const RequestParameters *p,
                             char **ret)
{
        _cleanup_(certificate_request_done) CertificateRequest request = {};
        int r;

        r = parse(signer, call, p->csr, &request);
        if (r == 0 && !strv_equal(request.names, signer->config->identifiers))
                r = refuse(signer, call, "names", "it is for other names than Identifiers=");
        if (r == 0 && !certificate_request_is_plain(&request))
                r = refuse(signer, call, "more", "it asks for more than names");
        if (r == 0)
                r = admit_key(signer, call, request.key);
        return r != 0 ? r : compose(p->csr, ret);
}
