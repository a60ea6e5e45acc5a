/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Public keys as JSON. Only the public half is asked for here. */

#include "signer/jwk.h"

#include <openssl/provider.h>

#include <openssl/core_names.h>

#include "base/base64url.h"
#include "signer/key.h"
#include "signer/token-key.h"

/* The curves of RFC 7518 section 6.2.1.1. Coordinates have the field's width, with zeros in front.
 */
static const struct {
        const char *group, *crv;
        size_t coordinate_bytes;
} curves[] = {
                {"prime256v1", "P-256", 32},
                {"secp384r1", "P-384", 48},
};

static void bn_freep(BIGNUM **n)
{
        BN_free(*n);
}

/* A member that holds bytes. Return: 0, -ENOMEM. */
static int add_bytes(struct json_object *jwk, const char *name, const void *data, size_t length)
{
        _cleanup_free_ char *text = base64url_encode(data, length);

        return text ? json_add_string(jwk, name, text) : -ENOMEM;
}

/* A member that holds a number: width bytes, 0 for as few as it takes (RFC 7518 section 2). */
static int add_number(struct json_object *jwk,
                      const char *name,
                      EVP_PKEY *key,
                      const char *parameter,
                      size_t width)
{
        _cleanup_(bn_freep) BIGNUM *n = NULL;
        _cleanup_free_ unsigned char *data = NULL;

        if (EVP_PKEY_get_bn_param(key, parameter, &n) != 1)
                return -EOPNOTSUPP;
        if (width == 0)
                width = (size_t) BN_num_bytes(n);
        data = malloc(width + 1);
        if (!data)
                return -ENOMEM;
        if (BN_bn2binpad(n, data, (int) width) < 0)
                return -EOPNOTSUPP;
        return add_bytes(jwk, name, data, width);
}

static int fill_ec(struct json_object *jwk, EVP_PKEY *key)
{
        char group[64];
        int r;

        if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
                return -EOPNOTSUPP;
        for (size_t i = 0; i < ELEMENTSOF(curves); i++) {
                if (!streq(curves[i].group, group))
                        continue;
                r = json_add_string(jwk, "crv", curves[i].crv);
                if (r == 0)
                        r = json_add_string(jwk, "kty", "EC");
                if (r == 0)
                        r = add_number(jwk,
                                       "x",
                                       key,
                                       OSSL_PKEY_PARAM_EC_PUB_X,
                                       curves[i].coordinate_bytes);
                if (r == 0)
                        r = add_number(jwk,
                                       "y",
                                       key,
                                       OSSL_PKEY_PARAM_EC_PUB_Y,
                                       curves[i].coordinate_bytes);
                return r;
        }
        return -EOPNOTSUPP;
}

static int fill_rsa(struct json_object *jwk, EVP_PKEY *key)
{
        int r;

        r = add_number(jwk, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
        if (r == 0)
                r = json_add_string(jwk, "kty", "RSA");
        if (r == 0)
                r = add_number(jwk, "n", key, OSSL_PKEY_PARAM_RSA_N, 0);
        return r;
}

/* RFC 8037 section 2. */
static int fill_okp(struct json_object *jwk, EVP_PKEY *key)
{
        _cleanup_free_ unsigned char *data = NULL;
        size_t length;
        int r;

        if (EVP_PKEY_get_raw_public_key(key, NULL, &length) != 1)
                return -EOPNOTSUPP;
        data = malloc(length);
        if (!data)
                return -ENOMEM;
        if (EVP_PKEY_get_raw_public_key(key, data, &length) != 1)
                return -EOPNOTSUPP;
        r = json_add_string(jwk, "crv", "Ed25519");
        if (r == 0)
                r = json_add_string(jwk, "kty", "OKP");
        if (r == 0)
                r = add_bytes(jwk, "x", data, length);
        return r;
}

/* Of a key in a token only the whole public half can be had, not its coordinates. */
static bool is_in_token(EVP_PKEY *key)
{
        const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(key);

        return provider && !streq(OSSL_PROVIDER_get0_name(provider), "default");
}

int jwk_new(EVP_PKEY *key, struct json_object **ret)
{
        _cleanup_json_ struct json_object *jwk = NULL;
        _cleanup_key_ EVP_PKEY *plain = NULL;
        int r;

        if (is_in_token(key)) {
                r = token_key_publish(key, &plain);
                return r < 0 ? r : jwk_new(plain, ret);
        }
        jwk = json_object_new_object();
        if (!jwk)
                return -ENOMEM;
        switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_EC:
                r = fill_ec(jwk, key);
                break;
        case EVP_PKEY_RSA:
                r = fill_rsa(jwk, key);
                break;
        case EVP_PKEY_ED25519:
                r = fill_okp(jwk, key);
                break;
        default:
                r = -EOPNOTSUPP;
        }
        if (r == 0)
                *ret = TAKE_PTR(jwk);
        return r;
}

int jwk_thumbprint(EVP_PKEY *key, char **ret)
{
        _cleanup_json_ struct json_object *jwk = NULL;
        unsigned char digest[EVP_MAX_MD_SIZE];
        size_t length, n_digest;
        const char *text;
        int r;

        r = jwk_new(key, &jwk);
        if (r == 0)
                r = json_format(jwk, &text, &length);
        if (r < 0)
                return r;
        if (EVP_Q_digest(NULL, "SHA256", NULL, text, length, digest, &n_digest) != 1)
                return -ENOMEM;
        *ret = base64url_encode(digest, n_digest);
        return *ret ? 0 : -ENOMEM;
}
