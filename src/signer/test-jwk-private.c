/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Private keys as JSON; that other kinds are what openssl made is seen by a scenario. */

#include "signer/jwk-private.h"

#include "base/test.h"
#include "signer/jwk.h"

/* RFC 8037 appendices A.1 and A.3; RFC 7515 appendix A.3.1. */
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"

static int parse(const char *text, EVP_PKEY **ret)
{
        return jwk_private_parse(text, strlen(text), ret);
}

/* A whole object of one kind; more: further members, each with a comma before it. */
#define OKP(curve, d, x) "{\"kty\":\"OKP\",\"crv\":\"" curve "\",\"d\":\"" d "\",\"x\":\"" x "\"}"
#define EC(curve, x, y, more)                                                                      \
        "{\"kty\":\"EC\",\"crv\":\"" curve "\",\"x\":\"" x "\",\"y\":\"" y "\"" more "}"
#define D(d) ",\"d\":\"" d "\""

#define RSA_OF_ONES                                                                                \
        "{\"kty\":\"RSA\",\"n\":\"w\",\"e\":\"AQAB\",\"d\":\"AQAB\",\"p\":\"AQAB\","               \
        "\"q\":\"AQAB\",\"dp\":\"AQAB\",\"dq\":\"AQAB\",\"qi\":\"AQAB\"}"

static void test_jwk_private_parse__is_the_key(void **state _unused_)
{
        EVP_PKEY *key = NULL;
        char *thumbprint = NULL;

        assert_int_equal(parse(OKP("Ed25519", ED_D, ED_X), &key), 0);
        assert_int_equal(jwk_thumbprint(key, &thumbprint), 0);
        assert_string_equal(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        EVP_PKEY_free(key);
        free(thumbprint);

        key = NULL;
        assert_int_equal(parse(EC("P-256", EC_X, EC_Y, D(EC_D) ",\"use\":\"sig\""), &key), 0);
        assert_int_equal(EVP_PKEY_get_bits(key), 256);
        EVP_PKEY_free(key);
}

static void test_jwk_private_parse__is_none(void **state _unused_)
{
        static const char *const rows[] = {
                        "",
                        "null",
                        "[]",
                        "{}",
                        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
                        "{\"kty\":7}",
                        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}",
                        OKP("X25519", ED_D, ED_X),
                        OKP("Ed25519", ED_X, ED_X),
                        EC("P-256", EC_X, EC_Y, D(EC_X)),
                        EC("P-256", EC_X, EC_X, D(EC_D)),
                        EC("P-384", EC_X, EC_Y, D(EC_D)),
                        EC("P-256", EC_X, EC_Y, ""),
                        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
                        RSA_OF_ONES,
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                EVP_PKEY *key = NULL;

                assert_row(*row, parse(*row, &key) == -EBADMSG);
                assert_null(key);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_jwk_private_parse__is_the_key),
                        cmocka_unit_test(test_jwk_private_parse__is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
