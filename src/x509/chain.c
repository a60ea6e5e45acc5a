/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A chain as text and as certificates, and the words for what can be wrong with it. What is written
 * is made anew from the certificates, never copied from what came. */

#include "x509/chain.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "x509/certificate.h"
#include "x509/pem.h"

/* RFC 7468 section 2: 64 letters in each line but the last. */
#define PEM_LINE_BYTES 48U

struct Chain {
        X509 *certificates[CHAIN_CERTIFICATES_MAX];
        size_t n;
};

typedef struct ReasonRow {
        const char *word, *sentence;
} ReasonRow;

static const ReasonRow reasons[CHAIN_REASON_MAX] = {
#define CHAIN_REASON(name, word, sentence) [CHAIN_E_##name] = {word, sentence},
#include "x509/chain-reasons.h"
#undef CHAIN_REASON
};

const char *chain_reason_to_string(ChainReason reason)
{
        assert(reason < CHAIN_REASON_MAX);
        return reasons[reason].word;
}

int chain_explain(ChainReason reason, size_t at, char **ret)
{
        char *message;

        assert(reason > CHAIN_OK && reason < CHAIN_REASON_MAX);
        if (asprintf(&message,
                     "Certificate %zu of the chain %s",
                     at + 1,
                     reasons[reason].sentence) < 0)
                return -ENOMEM;
        *ret = message;
        return 0;
}

void chain_free(Chain *chain)
{
        if (!chain)
                return;
        for (size_t i = 0; i < chain->n; i++)
                X509_free(chain->certificates[i]);
        free(chain);
}

size_t chain_length(const Chain *chain)
{
        return chain->n;
}

X509 *chain_get(const Chain *chain, size_t i)
{
        assert(i < chain->n);
        return chain->certificates[i];
}

/* Has every part that we shall look at a form that RFC 5280 allows? */
static bool is_well_formed(X509 *certificate)
{
        size_t n_serial = (size_t) ASN1_STRING_length(X509_get0_serialNumber(certificate));
        usec_t not_before_usec, not_after_usec;

        /* Reads all extensions; a broken one, or one that stands twice, makes it invalid. */
        if (X509_get_extension_flags(certificate) & EXFLAG_INVALID)
                return false;
        return X509_get_version(certificate) == X509_VERSION_3 && n_serial > 0 &&
               n_serial <= CERTIFICATE_SERIAL_BYTES_MAX &&
               certificate_get_time(X509_get0_notBefore(certificate), &not_before_usec) == 0 &&
               certificate_get_time(X509_get0_notAfter(certificate), &not_after_usec) == 0 &&
               not_before_usec < not_after_usec;
}

static int append_certificate(const unsigned char *der, size_t length, void *userdata)
{
        const unsigned char *end = der;
        Chain *chain = userdata;
        X509 *certificate;

        if (chain->n == CHAIN_CERTIFICATES_MAX)
                return CHAIN_E_TOO_MANY;
        certificate = d2i_X509(NULL, &end, (long) length);
        if (!certificate)
                return CHAIN_E_MALFORMED;
        if (end != der + length || !is_well_formed(certificate)) {
                X509_free(certificate);
                return CHAIN_E_MALFORMED;
        }
        chain->certificates[chain->n++] = certificate;
        return 0;
}

int chain_parse(const char *pem, size_t length, Chain **ret, size_t *ret_at)
{
        _cleanup_(chain_freep) Chain *chain = calloc(1, sizeof(Chain));
        int r;

        *ret_at = 0;
        if (!chain)
                return -ENOMEM;
        if (length > CHAIN_BYTES_MAX)
                return CHAIN_E_TOO_LARGE;
        r = pem_read_certificates(pem, length, append_certificate, chain);
        if (r == 0 && chain->n == 0)
                r = CHAIN_E_EMPTY;
        if (r != 0) {
                ERR_clear_error();
                *ret_at = chain->n;
                return r == -EBADMSG ? CHAIN_E_NOT_PEM : r;
        }
        *ret = TAKE_PTR(chain);
        return 0;
}

/* Return: 0, -EIO. */
static int print_certificate(FILE *stream, X509 *certificate)
{
        unsigned char line[PEM_LINE_BYTES / 3 * 4 + 1];
        unsigned char *der = NULL;
        int length;

        length = i2d_X509(certificate, &der);
        if (length < 0)
                return -ENOMEM;
        fputs("-----BEGIN CERTIFICATE-----\n", stream);
        for (int at = 0; at < length; at += (int) PEM_LINE_BYTES) {
                (void) EVP_EncodeBlock(line, der + at, MIN((int) PEM_LINE_BYTES, length - at));
                fprintf(stream, "%s\n", line);
        }
        fputs("-----END CERTIFICATE-----\n", stream);
        OPENSSL_free(der);
        return 0;
}

int chain_format(const Chain *chain, size_t first, size_t end, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        FILE *stream;
        int r = 0;

        assert(first <= end && end <= chain->n);
        stream = open_memstream(&text, &length);
        if (!stream)
                return -ENOMEM;
        for (size_t i = first; r == 0 && i < end; i++)
                r = print_certificate(stream, chain->certificates[i]);
        /* A memory stream fails for want of memory alone. */
        if (ferror(stream))
                r = -ENOMEM;
        if (fclose(stream) != 0 || r < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        return 0;
}
