/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Private keys as JSON. The public half is computed by OpenSSL from what is given, or checked
 * against it: a key whose halves do not fit is none. */

#include "signer/jwk-private.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "base/base64url.h"
#include "json/json.h"

/* RSA-8192 has 1024 bytes. */
#define NUMBER_BYTES_MAX 1024U
#define NUMBER_CHARACTERS_MAX (NUMBER_BYTES_MAX / 3U * 4U + 4U)
#define POINT_BYTES_MAX (1U + 2U * 48U)

typedef struct Members {
        const char *kty, *crv;
        const char *n, *e, *d, *p, *q, *dp, *dq, *qi; /* of RSA; d of all */
        const char *x, *y;
} Members;

#define MEMBER(name)                                                                               \
        {                                                                                          \
#name, JSON_STRING, offsetof(Members, name), NUMBER_CHARACTERS_MAX, NULL,          \
                                JSON_NULLABLE, 0                                                   \
        }

static const JsonField fields[] = {
                MEMBER(kty),
                MEMBER(crv),
                MEMBER(n),
                MEMBER(e),
                MEMBER(d),
                MEMBER(p),
                MEMBER(q),
                MEMBER(dp),
                MEMBER(dq),
                MEMBER(qi),
                MEMBER(x),
                MEMBER(y),
                {},
};

static const struct {
        const char *crv, *group;
        size_t coordinate_bytes;
} curves[] = {
                {"P-256", "prime256v1", 32},
                {"P-384", "secp384r1", 48},
};

/* Numbers live as long as the parameters that are made of them. */
typedef struct Builder {
        OSSL_PARAM_BLD *bld;
        BIGNUM *numbers[8];
        size_t n_numbers;
} Builder;

static void builder_done(Builder *b)
{
        OSSL_PARAM_BLD_free(b->bld);
        for (size_t i = 0; i < b->n_numbers; i++)
                BN_clear_free(b->numbers[i]);
}

static void context_freep(EVP_PKEY_CTX **context)
{
        EVP_PKEY_CTX_free(*context);
}

/* Return: 0; -EBADMSG; -ENOMEM. */
static int push_number(Builder *b, const char *parameter, const char *text)
{
        unsigned char data[NUMBER_BYTES_MAX];
        BIGNUM *number;
        size_t length;

        if (!text || base64url_decode(text, data, sizeof(data), &length) < 0 || length == 0)
                return -EBADMSG;
        number = BN_secure_new();
        if (number && !BN_bin2bn(data, (int) length, number)) {
                BN_clear_free(number);
                number = NULL;
        }
        explicit_bzero(data, sizeof(data));
        if (!number)
                return -ENOMEM;
        b->numbers[b->n_numbers++] = number;
        return OSSL_PARAM_BLD_push_BN(b->bld, parameter, number) == 1 ? 0 : -ENOMEM;
}

/* Return: 0; -EBADMSG; -ENOMEM. */
static int push_rsa(Builder *b, const Members *m)
{
        const struct {
                const char *parameter, *text;
        } rows[] = {
                        {OSSL_PKEY_PARAM_RSA_N, m->n},
                        {OSSL_PKEY_PARAM_RSA_E, m->e},
                        {OSSL_PKEY_PARAM_RSA_D, m->d},
                        {OSSL_PKEY_PARAM_RSA_FACTOR1, m->p},
                        {OSSL_PKEY_PARAM_RSA_FACTOR2, m->q},
                        {OSSL_PKEY_PARAM_RSA_EXPONENT1, m->dp},
                        {OSSL_PKEY_PARAM_RSA_EXPONENT2, m->dq},
                        {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, m->qi},
        };
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(rows); i++)
                r = push_number(b, rows[i].parameter, rows[i].text);
        return r;
}

/* The point without compression: 4, x, y (SEC 1 section 2.3.3). point lives as long as b.
 * Return: 0; -EBADMSG; -ENOMEM. */
static int push_ec(Builder *b, const Members *m, unsigned char point[static POINT_BYTES_MAX])
{
        for (size_t i = 0; i < ELEMENTSOF(curves); i++) {
                size_t n = curves[i].coordinate_bytes, x, y;

                if (!m->crv || !streq(m->crv, curves[i].crv))
                        continue;
                point[0] = 4;
                if (!m->x || !m->y || base64url_decode(m->x, point + 1, n, &x) < 0 || x != n ||
                    base64url_decode(m->y, point + 1 + n, n, &y) < 0 || y != n)
                        return -EBADMSG;
                if (OSSL_PARAM_BLD_push_utf8_string(b->bld,
                                                    OSSL_PKEY_PARAM_GROUP_NAME,
                                                    curves[i].group,
                                                    0) != 1 ||
                    OSSL_PARAM_BLD_push_octet_string(b->bld,
                                                     OSSL_PKEY_PARAM_PUB_KEY,
                                                     point,
                                                     1 + 2 * n) != 1)
                        return -ENOMEM;
                return push_number(b, OSSL_PKEY_PARAM_PRIV_KEY, m->d);
        }
        return -EBADMSG;
}

/* Return: 0; -EBADMSG when the halves do not fit; -ENOMEM. */
static int build(Builder *b, const char *type, EVP_PKEY **ret)
{
        _cleanup_(context_freep) EVP_PKEY_CTX *context =
                        EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
        _cleanup_(context_freep) EVP_PKEY_CTX *check = NULL;
        OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(b->bld);
        EVP_PKEY *key = NULL;
        int r = -ENOMEM;

        if (context && parameters)
                r = EVP_PKEY_fromdata_init(context) == 1 && EVP_PKEY_fromdata(context,
                                                                              &key,
                                                                              EVP_PKEY_KEYPAIR,
                                                                              parameters) == 1
                                    ? 0
                                    : -EBADMSG;
        OSSL_PARAM_free(parameters);
        if (r == 0)
                check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
        if (r == 0 && (!check || EVP_PKEY_pairwise_check(check) != 1))
                r = -EBADMSG;
        ERR_clear_error();
        if (r < 0) {
                EVP_PKEY_free(key);
                return r;
        }
        *ret = key;
        return 0;
}

/* RFC 8037 section 2. Return: 0; -EBADMSG. */
static int build_okp(const Members *m, EVP_PKEY **ret)
{
        unsigned char private[32], public[32], computed[32];
        size_t n_private, n_public, n = sizeof(computed);
        EVP_PKEY *key = NULL;

        if (m->crv && streq(m->crv, "Ed25519") && m->d && m->x &&
            base64url_decode(m->d, private, sizeof(private), &n_private) == 0 &&
            base64url_decode(m->x, public, sizeof(public), &n_public) == 0 &&
            n_private == sizeof(private) && n_public == sizeof(public))
                key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private, n_private);
        explicit_bzero(private, sizeof(private));
        ERR_clear_error();
        if (!key)
                return -EBADMSG;
        if (EVP_PKEY_get_raw_public_key(key, computed, &n) != 1 ||
            memcmp(computed, public, sizeof(public)) != 0) {
                EVP_PKEY_free(key);
                return -EBADMSG;
        }
        *ret = key;
        return 0;
}

static int understand(const Members *m, EVP_PKEY **ret)
{
        _cleanup_(builder_done) Builder b = {.bld = OSSL_PARAM_BLD_new()};
        unsigned char point[POINT_BYTES_MAX];
        int r = -EBADMSG;

        if (!b.bld)
                return -ENOMEM;
        if (!m->kty)
                return -EBADMSG;
        if (streq(m->kty, "OKP"))
                return build_okp(m, ret);
        if (streq(m->kty, "RSA"))
                r = push_rsa(&b, m);
        else if (streq(m->kty, "EC"))
                r = push_ec(&b, m, point);
        return r == 0 ? build(&b, m->kty, ret) : r;
}

/* json-c keeps copies of the strings. */
static void erase(struct json_object *object)
{
        json_object_object_foreach (object, name, value) {
                (void) name;
                if (json_object_is_type(value, json_type_string))
                        explicit_bzero((char *) (uintptr_t) json_object_get_string(value),
                                       (size_t) json_object_get_string_len(value));
        }
}

int jwk_private_parse(const char *text, size_t length, EVP_PKEY **ret)
{
        _cleanup_json_ struct json_object *object = NULL;
        Members members = {};
        int r;

        r = json_parse(text, length, &object);
        if (r == 0 && !json_object_is_type(object, json_type_object))
                r = -EBADMSG;
        if (r == 0)
                r = json_dispatch(object, fields, &members, JSON_ALLOW_UNKNOWN, NULL);
        if (r == 0)
                r = understand(&members, ret);
        if (json_object_is_type(object, json_type_object))
                erase(object);
        return r;
}
