/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A small CA for tests. What fails here is a bug of the test, and ends it. */

#include "x509/test-pki.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdarg.h>

#define DAY_SEC 86400

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
                        abort();                                                                   \
                }                                                                                  \
        } while (false)

EVP_PKEY *pki_key(const char *type)
{
        EVP_PKEY *key;
        const char *bits = startswith(type, "RSA-");

        if (bits)
                key = EVP_RSA_gen((unsigned) atoi(bits));
        else if (streq(type, "ED25519"))
                key = EVP_PKEY_Q_keygen(NULL, NULL, type);
        else
                key = EVP_EC_gen(type);
        CHECK(key);
        return key;
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
        X509_EXTENSION *extension;
        X509V3_CTX context;

        if (!value || !*value)
                return;
        X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
        extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
        CHECK(extension);
        CHECK(X509_add_ext(certificate, extension, -1) == 1);
        X509_EXTENSION_free(extension);
}

static void add_unknown_critical(X509 *certificate, const char *oid)
{
        ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        X509_EXTENSION *extension;

        CHECK(object && value && ASN1_OCTET_STRING_set(value, (const unsigned char *) "\5\0", 2));
        extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
        CHECK(extension && X509_add_ext(certificate, extension, -1) == 1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(value);
        ASN1_OBJECT_free(object);
}

static void set_name(X509_NAME *name, const char *cn)
{
        if (cn)
                CHECK(X509_NAME_add_entry_by_txt(name,
                                                 "CN",
                                                 MBSTRING_UTF8,
                                                 (const unsigned char *) cn,
                                                 -1,
                                                 -1,
                                                 0) == 1);
}

static void set_serial(X509 *certificate, size_t length)
{
        BIGNUM *serial = BN_new();

        CHECK(serial && BN_set_bit(serial, (int) (length * 8) - 2));
        CHECK(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)));
        BN_free(serial);
}

static void set_validity(X509 *certificate, int64_t not_before, int64_t not_after)
{
        time_t now = (time_t) (PKI_NOW_USEC / USEC_PER_SEC);

        if (not_before == 0 && not_after == 0) {
                not_before = -DAY_SEC;
                not_after = 89 * DAY_SEC;
        }
        CHECK(ASN1_TIME_set(X509_getm_notBefore(certificate), now + not_before));
        CHECK(ASN1_TIME_set(X509_getm_notAfter(certificate), now + not_after));
}

X509 *pki_certify(const PkiSpec *spec)
{
        X509 *certificate = X509_new(), *issuer = spec->issuer ?: certificate;
        const EVP_MD *digest = EVP_get_digestbyname(spec->digest ?: "SHA256");
        EVP_PKEY *issuer_key = spec->issuer_key ?: spec->key;

        CHECK(certificate);
        CHECK(X509_set_version(certificate, spec->version == -1 ? X509_VERSION_1 : X509_VERSION_3));
        set_serial(certificate, spec->serial_bytes ?: 8);
        set_validity(certificate, spec->not_before, spec->not_after);
        set_name(X509_get_subject_name(certificate), spec->cn);
        CHECK(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)));
        CHECK(X509_set_pubkey(certificate, spec->key));
        /* The first version of X.509 has no extensions. */
        if (spec->version != -1)
                add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
        if (spec->version != -1 && spec->issuer)
                add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
        add_extension(certificate, issuer, NID_subject_alt_name, spec->names);
        if (spec->names_twice)
                add_extension(certificate, issuer, NID_subject_alt_name, spec->names);
        add_extension(certificate, issuer, NID_basic_constraints, spec->constraints);
        add_extension(certificate, issuer, NID_key_usage, spec->usage);
        add_extension(certificate, issuer, NID_ext_key_usage, spec->extended_usage);
        add_extension(certificate, issuer, NID_name_constraints, spec->name_constraints);
        if (spec->unknown_critical)
                add_unknown_critical(certificate, spec->unknown_critical);
        if (EVP_PKEY_get_base_id(issuer_key) == EVP_PKEY_ED25519)
                digest = NULL;
        CHECK(X509_sign(certificate, issuer_key, digest) > 0);
        return certificate;
}

void pki_make(Pki *pki, const char *names, void (*adjust)(PkiSpecs *specs))
{
        PkiSpecs specs = {
                        .leaf = {.names = names,
                                 .constraints = "critical,CA:FALSE",
                                 .usage = "critical,digitalSignature",
                                 .extended_usage = "serverAuth"},
                        .ca = {.cn = "Test CA 1",
                               .constraints = "critical,CA:TRUE,pathlen:0",
                               .usage = "critical,keyCertSign,cRLSign"},
                        .root = {.cn = "Test Root",
                                 .constraints = "critical,CA:TRUE",
                                 .usage = "keyCertSign"},
        };

        *pki = (Pki){};
        if (adjust)
                adjust(&specs);
        pki->leaf_key = specs.leaf.key ?: pki_key("P-256");
        pki->ca_key = specs.ca.key ?: pki_key("P-256");
        pki->root_key = specs.root.key ?: pki_key("P-256");

        specs.root.key = pki->root_key;
        pki->root = pki_certify(&specs.root);
        specs.ca.key = pki->ca_key;
        specs.ca.issuer = pki->root;
        specs.ca.issuer_key = pki->root_key;
        pki->ca = pki_certify(&specs.ca);
        specs.leaf.key = pki->leaf_key;
        specs.leaf.issuer = pki->ca;
        pki->other_key = specs.leaf.issuer_key;
        specs.leaf.issuer_key = pki->other_key ?: pki->ca_key;
        pki->leaf = pki_certify(&specs.leaf);
}

void pki_done(Pki *pki)
{
        X509_free(pki->leaf);
        X509_free(pki->ca);
        X509_free(pki->root);
        EVP_PKEY_free(pki->leaf_key);
        EVP_PKEY_free(pki->ca_key);
        EVP_PKEY_free(pki->root_key);
        EVP_PKEY_free(pki->other_key);
        *pki = (Pki){};
}

char *pki_pem(X509 *first, ...)
{
        BIO *bio = BIO_new(BIO_s_mem());
        va_list arguments;
        char *data, *text;
        long length;

        CHECK(bio);
        va_start(arguments, first);
        for (X509 *certificate = first; certificate; certificate = va_arg(arguments, X509 *))
                CHECK(PEM_write_bio_X509(bio, certificate) == 1);
        va_end(arguments);
        length = BIO_get_mem_data(bio, &data);
        text = strndup(data, (size_t) length);
        CHECK(text);
        BIO_free(bio);
        return text;
}
