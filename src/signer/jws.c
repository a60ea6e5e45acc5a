/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* JWS. What is signed is composed here from checked parts and serialised by a JSON library: no
 * caller's byte gets into it in another role than its own. */

#include "signer/jws.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "base/base64url.h"
#include "signer/jwk.h"

/* RFC 7518 section 3.1 and RFC 8037 section 3.1. */
typedef struct Algorithm {
        const char *name;
        int id;
        const char *group;  /* of EC keys */
        const char *digest; /* NULL: the algorithm brings its own */
        size_t half_bytes;  /* ECDSA: of r and of s (RFC 7518 section 3.4) */
} Algorithm;

static const Algorithm algorithms[] = {
                {"ES256", EVP_PKEY_EC, "prime256v1", "SHA256", 32},
                {"ES384", EVP_PKEY_EC, "secp384r1", "SHA384", 48},
                {"RS256", EVP_PKEY_RSA, NULL, "SHA256", 0},
                {"EdDSA", EVP_PKEY_ED25519, NULL, NULL, 0},
};

static void context_freep(EVP_MD_CTX **context)
{
        EVP_MD_CTX_free(*context);
}

static void sig_freep(ECDSA_SIG **sig)
{
        ECDSA_SIG_free(*sig);
}

void jws_done(Jws *jws)
{
        free(jws->protected);
        free(jws->payload);
        free(jws->signature);
        *jws = (Jws){};
}

struct json_object *jws_to_json(const Jws *jws)
{
        struct json_object *object = json_object_new_object();

        if (object && json_add_string(object, "protected", jws->protected) == 0 &&
            json_add_string(object, "payload", jws->payload) == 0 &&
            json_add_string(object, "signature", jws->signature) == 0)
                return object;
        json_object_put(object);
        return NULL;
}

static const Algorithm *find_algorithm(EVP_PKEY *key)
{
        int id = EVP_PKEY_get_base_id(key);
        char group[64] = "";

        if (id == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
                return NULL;
        FOREACH_ARRAY (a, algorithms, ELEMENTSOF(algorithms))
                if (a->id == id && (!a->group || streq(a->group, group)))
                        return a;
        return NULL;
}

const char *jws_algorithm(EVP_PKEY *key)
{
        const Algorithm *algorithm = find_algorithm(key);

        return algorithm ? algorithm->name : NULL;
}

/* From DER to r and s side by side, each of fixed width (RFC 7518 section 3.4). Replaces *data.
 * Return: 0, -EIO, -ENOMEM. */
static int unwrap_ecdsa(unsigned char **data, size_t *length, size_t half_bytes)
{
        _cleanup_(sig_freep) ECDSA_SIG *sig = NULL;
        const unsigned char *p = *data;
        unsigned char *raw;

        sig = d2i_ECDSA_SIG(NULL, &p, (long) *length);
        if (!sig)
                return -EIO;
        raw = malloc(2 * half_bytes);
        if (!raw)
                return -ENOMEM;
        if (BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int) half_bytes) < 0 ||
            BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half_bytes, (int) half_bytes) < 0) {
                free(raw);
                return -EIO;
        }
        free(*data);
        *data = raw;
        *length = 2 * half_bytes;
        return 0;
}

int jws_signature(EVP_PKEY *key,
                  const char *input,
                  size_t length,
                  unsigned char **ret,
                  size_t *ret_length)
{
        const Algorithm *algorithm = find_algorithm(key);
        _cleanup_(context_freep) EVP_MD_CTX *context = NULL;
        _cleanup_free_ unsigned char *data = NULL;
        const unsigned char *bytes = (const unsigned char *) input;
        size_t n;
        int r;

        if (!algorithm)
                return -EOPNOTSUPP;
        context = EVP_MD_CTX_new();
        if (!context ||
            EVP_DigestSignInit_ex(context, NULL, algorithm->digest, NULL, NULL, key, NULL) != 1 ||
            EVP_DigestSign(context, NULL, &n, bytes, length) != 1) {
                ERR_clear_error();
                return -EIO;
        }
        data = malloc(n);
        if (!data)
                return -ENOMEM;
        if (EVP_DigestSign(context, data, &n, bytes, length) != 1) {
                ERR_clear_error();
                return -EIO;
        }
        if (algorithm->half_bytes > 0) {
                r = unwrap_ecdsa(&data, &n, algorithm->half_bytes);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(data);
        *ret_length = n;
        return 0;
}

/* {"alg", "kid" or "jwk", "nonce", "url"} (RFC 8555 section 6.2), in base64url. */
static int
make_header(EVP_PKEY *key, const char *kid, const char *nonce, const char *url, char **ret)
{
        _cleanup_json_ struct json_object *header = json_object_new_object();
        struct json_object *jwk = NULL;
        const char *algorithm = jws_algorithm(key), *text;
        size_t length;
        int r;

        if (!header)
                return -ENOMEM;
        if (!algorithm)
                return -EOPNOTSUPP;
        r = json_add_string(header, "alg", algorithm);
        if (r == 0 && kid)
                r = json_add_string(header, "kid", kid);
        if (r == 0 && !kid)
                r = jwk_new(key, &jwk);
        if (r == 0 && !kid)
                r = json_add(header, "jwk", jwk);
        if (r == 0 && nonce)
                r = json_add_string(header, "nonce", nonce);
        if (r == 0)
                r = json_add_string(header, "url", url);
        if (r == 0)
                r = json_format(header, &text, &length);
        if (r < 0)
                return r;
        *ret = base64url_encode(text, length);
        return *ret ? 0 : -ENOMEM;
}

static int sign_parts(EVP_PKEY *key, Jws *jws)
{
        _cleanup_free_ unsigned char *signature = NULL;
        _cleanup_free_ char *input = NULL;
        size_t n_signature;
        int length, r;

        length = asprintf(&input, "%s.%s", jws->protected, jws->payload);
        if (length < 0)
                return -ENOMEM;
        r = jws_signature(key, input, (size_t) length, &signature, &n_signature);
        if (r < 0)
                return r;
        jws->signature = base64url_encode(signature, n_signature);
        return jws->signature ? 0 : -ENOMEM;
}

int jws_sign(EVP_PKEY *key,
             const char *kid,
             const char *nonce,
             const char *url,
             const char *payload,
             Jws *ret)
{
        _cleanup_(jws_done) Jws jws = {};
        int r;

        r = make_header(key, kid, nonce, url, &jws.protected);
        if (r < 0)
                return r;
        jws.payload = base64url_encode(payload, strlen(payload));
        if (!jws.payload)
                return -ENOMEM;
        r = sign_parts(key, &jws);
        if (r < 0)
                return r;
        *ret = jws;
        jws = (Jws){};
        return 0;
}
