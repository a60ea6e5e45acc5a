/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names for subjectAltName, and the digest that goes with a key: for csr.c, whose work a CA signs,
 * and self-signed.c, whose work nobody else does. */

#include "signer/alt-names.h"

#include "acme/identifier.h"

/* RFC 5280 section 4.2.1.6: a DNS name is text, an address its 4 or 16 bytes. NULL without memory.
 */
static ASN1_STRING *make_value(const char *identifier, int *ret_type)
{
        bool is_address = acme_is_address(identifier);
        ASN1_STRING *value;

        *ret_type = is_address ? GEN_IPADD : GEN_DNS;
        if (is_address)
                return a2i_IPADDRESS(identifier);
        value = ASN1_IA5STRING_new();
        if (value && ASN1_STRING_set(value, identifier, (int) strlen(identifier)) == 1)
                return value;
        ASN1_STRING_free(value);
        return NULL;
}

/* Return: 0, -ENOMEM. */
static int append_name(GENERAL_NAMES *names, const char *identifier)
{
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_STRING *value;
        int type;

        value = make_value(identifier, &type);
        if (!name || !value) {
                ASN1_STRING_free(value);
                GENERAL_NAME_free(name);
                return -ENOMEM;
        }
        GENERAL_NAME_set0_value(name, type, value);
        if (sk_GENERAL_NAME_push(names, name) <= 0) {
                GENERAL_NAME_free(name);
                return -ENOMEM;
        }
        return 0;
}

int alt_names_new(char *const *identifiers, GENERAL_NAMES **ret)
{
        _cleanup_(alt_names_freep) GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

        if (!names)
                return -ENOMEM;
        for (; identifiers && *identifiers; identifiers++)
                if (append_name(names, *identifiers) < 0)
                        return -ENOMEM;
        *ret = TAKE_PTR(names);
        return 0;
}

/* ECDSA with the digest of the curve's strength, RSA with SHA-256; what signs without a digest of
 * ours gets none. */
const EVP_MD *signing_digest(EVP_PKEY *key)
{
        switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_EC:
                return EVP_PKEY_get_bits(key) > 256 ? EVP_sha384() : EVP_sha256();
        case EVP_PKEY_RSA:
                return EVP_sha256();
        default:
                return NULL;
        }
}
