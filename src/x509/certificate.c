/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One certificate taken apart. Every value in it was chosen by somebody else: lengths and alphabets
 * are checked here, texts escaped, before anything of it reaches a log or a state file. */

#include "x509/certificate.h"

#include <arpa/inet.h>
#include <time.h>

#include "base/base64url.h"
#include "base/escape.h"

static void general_names_freep(GENERAL_NAMES **names)
{
        GENERAL_NAMES_free(*names);
}

static void openssl_freep(unsigned char **p)
{
        OPENSSL_free(*p);
}

static void bio_freep(BIO **bio)
{
        BIO_free(*bio);
}

void certificate_summary_done(CertificateSummary *summary)
{
        free(summary->serial);
        free(summary->fingerprint);
        free(summary->issuer);
        strv_free(summary->identifiers);
        *summary = (CertificateSummary){};
}

int certificate_get_time(const ASN1_TIME *time, usec_t *ret)
{
        struct tm tm = {};
        time_t seconds;

        if (ASN1_TIME_to_tm(time, &tm) != 1)
                return -EBADMSG;
        seconds = timegm(&tm);
        *ret = seconds > 0 ? (usec_t) seconds * USEC_PER_SEC : 0;
        return 0;
}

/* RFC 5280 section 4.2.1.6: 4 bytes or 16. Return: 0, -EBADMSG, -ENOMEM. */
static int append_address(char ***list, const ASN1_OCTET_STRING *address)
{
        int family = ASN1_STRING_length(address) == sizeof(struct in_addr) ? AF_INET : AF_INET6;
        char text[INET6_ADDRSTRLEN];

        if (family == AF_INET6 && ASN1_STRING_length(address) != sizeof(struct in6_addr))
                return -EBADMSG;
        if (!inet_ntop(family, ASN1_STRING_get0_data(address), text, sizeof(text)))
                return -EBADMSG;
        return strv_append(list, text);
}

/* Return: 0, -EBADMSG, -ENOMEM. */
static int append_name(char ***list, const GENERAL_NAME *name)
{
        _cleanup_free_ char *copy = NULL;
        const unsigned char *data;
        size_t length;

        if (name->type == GEN_IPADD)
                return append_address(list, name->d.iPAddress);
        if (name->type != GEN_DNS)
                return -EBADMSG;
        data = ASN1_STRING_get0_data(name->d.dNSName);
        length = (size_t) ASN1_STRING_length(name->d.dNSName);
        if (length == 0 || memchr(data, 0, length))
                return -EBADMSG;
        copy = strndup((const char *) data, length);
        if (!copy)
                return -ENOMEM;
        /* An address is no DNS name, and must not be taken for one that stands where it belongs. */
        if (strchr(copy, ':') || inet_pton(AF_INET, copy, &(struct in_addr){}) == 1)
                return -EBADMSG;
        /* RFC 4343: in names, ASCII letters have no case. */
        for (char *p = copy; *p; p++)
                if (*p >= 'A' && *p <= 'Z')
                        *p = (char) (*p - 'A' + 'a');
        return strv_append(list, copy);
}

int certificate_collect_names(const GENERAL_NAMES *names, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;
        int r;

        if (!names || sk_GENERAL_NAME_num(names) <= 0)
                return -EBADMSG;
        for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
                r = append_name(&list, sk_GENERAL_NAME_value(names, i));
                if (r < 0)
                        return r;
        }
        strv_sort_unique(list);
        *ret = TAKE_PTR(list);
        return 0;
}

int certificate_get_names(X509 *certificate, char ***ret)
{
        _cleanup_(general_names_freep) GENERAL_NAMES *names = NULL;

        names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
        return certificate_collect_names(names, ret);
}

char *certificate_format_hex(const unsigned char *data, size_t length)
{
        static const char digits[] = "0123456789abcdef";
        char *text = malloc(2 * length + 1), *p = text;

        if (!text)
                return NULL;
        for (size_t i = 0; i < length; i++) {
                *p++ = digits[data[i] >> 4];
                *p++ = digits[data[i] & 0xf];
        }
        *p = '\0';
        return text;
}

int certificate_get_serial(X509 *certificate, char **ret)
{
        const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
        size_t length = (size_t) ASN1_STRING_length(serial);

        if (length == 0 || length > CERTIFICATE_SERIAL_BYTES_MAX)
                return -EBADMSG;
        *ret = certificate_format_hex(ASN1_STRING_get0_data(serial), length);
        return *ret ? 0 : -ENOMEM;
}

int certificate_get_fingerprint(X509 *certificate, char **ret)
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned length;

        if (X509_digest(certificate, EVP_sha256(), digest, &length) != 1)
                return -ENOMEM;
        *ret = certificate_format_hex(digest, length);
        return *ret ? 0 : -ENOMEM;
}

int certificate_get_renewal_id(X509 *certificate, char **ret)
{
        const ASN1_OCTET_STRING *key_id = X509_get0_authority_key_id(certificate);
        const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
        _cleanup_free_ char *key_text = NULL, *serial_text = NULL;
        unsigned char bytes[1 + CERTIFICATE_SERIAL_BYTES_MAX] = {};
        size_t length = (size_t) ASN1_STRING_length(serial);
        const unsigned char *value;

        if (!key_id)
                return -ENOENT;
        if (ASN1_STRING_length(key_id) == 0 || ASN1_STRING_length(key_id) > EVP_MAX_MD_SIZE ||
            length == 0 || length > CERTIFICATE_SERIAL_BYTES_MAX ||
            ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
                return -EBADMSG;
        memcpy(bytes + 1, ASN1_STRING_get0_data(serial), length);
        /* As in DER, where a zero keeps the first bit from being a sign. */
        value = bytes[1] & 0x80 ? bytes : bytes + 1;
        key_text = base64url_encode(ASN1_STRING_get0_data(key_id),
                                    (size_t) ASN1_STRING_length(key_id));
        serial_text = base64url_encode(value, (size_t) (bytes + 1 + length - value));
        if (!key_text || !serial_text || asprintf(ret, "%s.%s", key_text, serial_text) < 0)
                return -ENOMEM;
        return 0;
}

/* Return: 0; -ENOENT when the name has no common name; -ENOMEM. */
static int get_common_name(const X509_NAME *name, char **ret)
{
        _cleanup_(openssl_freep) unsigned char *text = NULL;
        int at, length;

        at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
        if (at < 0)
                return -ENOENT;
        length = ASN1_STRING_to_UTF8(&text,
                                     X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
        if (length <= 0)
                return -ENOENT;
        *ret = escape_foreign((const char *) text, (size_t) length, FOREIGN_TEXT_MAX);
        return *ret ? 0 : -ENOMEM;
}

int certificate_get_issuer(X509 *certificate, char **ret)
{
        const X509_NAME *name = X509_get_issuer_name(certificate);
        _cleanup_(bio_freep) BIO *bio = NULL;
        char *text;
        long length;
        int r;

        r = get_common_name(name, ret);
        if (r != -ENOENT)
                return r;
        bio = BIO_new(BIO_s_mem());
        if (!bio || X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0)
                return -ENOMEM;
        length = BIO_get_mem_data(bio, &text);
        *ret = escape_foreign(length > 0 ? text : "",
                              length > 0 ? (size_t) length : 0,
                              FOREIGN_TEXT_MAX);
        return *ret ? 0 : -ENOMEM;
}

int certificate_summarize(X509 *certificate, CertificateSummary *ret)
{
        CertificateSummary summary = {};
        int r;

        r = certificate_get_serial(certificate, &summary.serial);
        if (r == 0)
                r = certificate_get_fingerprint(certificate, &summary.fingerprint);
        if (r == 0)
                r = certificate_get_issuer(certificate, &summary.issuer);
        if (r == 0)
                r = certificate_get_time(X509_get0_notBefore(certificate),
                                         &summary.not_before_usec);
        if (r == 0)
                r = certificate_get_time(X509_get0_notAfter(certificate), &summary.not_after_usec);
        if (r == 0)
                r = certificate_get_names(certificate, &summary.identifiers);
        if (r < 0) {
                certificate_summary_done(&summary);
                return r;
        }
        *ret = summary;
        return 0;
}

bool certificate_is_placeholder(X509 *certificate)
{
        const X509_NAME *subject = X509_get_subject_name(certificate);
        _cleanup_free_ char *name = NULL;

        return X509_NAME_entry_count(subject) == 1 &&
               X509_NAME_cmp(subject, X509_get_issuer_name(certificate)) == 0 &&
               get_common_name(subject, &name) == 0 && streq(name, PLACEHOLDER_COMMON_NAME);
}
