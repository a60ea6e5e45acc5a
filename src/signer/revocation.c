/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the words of root's request to a certificate and a key. A caller has no part in it. */

#include "signer/revocation.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/log.h"
#include "signer/jws.h"
#include "signer/signer-internal.h"
#include "x509/certificate.h"

static const struct {
        const char *word, *sentence;
} refusals[REVOCATION_REFUSAL_MAX] = {
#define REVOCATION_REFUSAL(name, word, sentence) [REVOCATION_E_##name] = {word, sentence},
#include "signer/revocation-refusals.h"
#undef REVOCATION_REFUSAL
};

const char *revocation_refusal_to_string(RevocationRefusal refusal)
{
        return refusals[refusal].word;
}

const char *revocation_refusal_explain(RevocationRefusal refusal)
{
        return refusals[refusal].sentence;
}

void revocation_done(Revocation *revocation)
{
        X509_free(revocation->certificate);
        EVP_PKEY_free(revocation->key);
        free(revocation->serial);
        free(revocation->fingerprint);
        free(revocation->directory);
        *revocation = (Revocation){.reason = REVOCATION_UNSTATED};
}

/* A file of root's about NAME. Return: 0; REVOCATION_E_NOT_REQUESTED; REVOCATION_E_MALFORMED;
 * -errno. */
static int
read_word(const Signer *signer, const char *directory, size_t max, char **ret, size_t *ret_length)
{
        _cleanup_free_ char *path = NULL;
        int r;

        if (asprintf(&path, "%s%s/%s", signer->root, directory, signer->name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = file_read(AT_FDCWD, path, max, O_NOFOLLOW, ret, ret_length);
        if (r == -ENOENT)
                return REVOCATION_E_NOT_REQUESTED;
        return r == -EFBIG ? REVOCATION_E_MALFORMED : r;
}

static int read_request(const Signer *signer, RevocationRequest *ret)
{
        _cleanup_free_ char *text = NULL;
        const char *field;
        size_t length;
        int r;

        r = read_word(signer,
                      REVOCATION_REQUEST_DIRECTORY,
                      REVOCATION_REQUEST_BYTES_MAX,
                      &text,
                      &length);
        if (r == 0)
                r = revocation_request_parse(text, length, ret, &field);
        return r == -EBADMSG ? REVOCATION_E_MALFORMED : r;
}

int revocation_read_replacement(const Signer *signer, RevocationRequest ret[], size_t *ret_n)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        r = read_word(signer, REPLACEMENT_DIRECTORY, REPLACEMENT_BYTES_MAX, &text, &length);
        if (r == 0)
                r = replacement_parse(text, length, ret, ret_n);
        return r == -EBADMSG ? REVOCATION_E_MALFORMED : r;
}

static bool has_serial(const StoreLive *generation, const void *userdata)
{
        _cleanup_free_ char *serial = NULL, *normalized = NULL;

        return certificate_get_serial(chain_get(generation->chain, 0), &serial) == 0 &&
               serial_normalize(serial, &normalized) == 0 && streq(normalized, userdata);
}

static int find_in_store(const Signer *signer, const RevocationRequest *request, X509 **ret)
{
        _cleanup_free_ char *serial = NULL;
        StoreLive found = {};
        int r;

        if (request->serial) {
                r = serial_normalize(request->serial, &serial);
                if (r == -EINVAL)
                        return REVOCATION_E_MALFORMED;
                if (r == 0)
                        r = store_find(signer->store, has_serial, serial, &found);
        } else
                r = store_read_generation(signer->store, request->generation, &found);
        if (r == -ENOENT || r == -EBADMSG)
                return REVOCATION_E_NOT_FOUND;
        if (r < 0)
                return r;
        *ret = chain_get(found.chain, 0);
        X509_up_ref(*ret);
        store_live_done(&found);
        return 0;
}

int revocation_find_certificate(const Signer *signer, const RevocationRequest *request, X509 **ret)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        size_t at;
        int r;

        if (!request->certificate)
                return find_in_store(signer, request, ret);
        r = chain_parse(request->certificate, strlen(request->certificate), &chain, &at);
        if (r != 0)
                return r < 0 ? r : REVOCATION_E_NOT_PEM;
        *ret = chain_get(chain, 0);
        X509_up_ref(*ret);
        return 0;
}

static bool has_key(const StoreLive *generation, const void *userdata)
{
        return generation->key && EVP_PKEY_eq(generation->key, userdata) == 1;
}

/* Is it the one in a token that is configured? */
static bool token_has_key(Signer *signer, EVP_PKEY *wanted, EVP_PKEY **ret)
{
        EVP_PKEY *key;

        if (!signer->config->key_uri ||
            foreign_key_get(&signer->foreign_key, signer->config, &key) < 0 ||
            EVP_PKEY_eq(key, wanted) != 1)
                return false;
        EVP_PKEY_up_ref(key);
        *ret = key;
        return true;
}

/* That of a generation that is kept, or the one that root has put beside them. */
static int find_key(Signer *signer, X509 *certificate, EVP_PKEY **ret)
{
        EVP_PKEY *wanted = X509_get0_pubkey(certificate);
        _cleanup_key_ EVP_PKEY *key = NULL;
        StoreLive found = {};
        int r;

        if (!wanted)
                return REVOCATION_E_KEY_KIND;
        r = store_find(signer->store, has_key, wanted, &found);
        if (r == 0) {
                key = found.key;
                found.key = NULL;
                store_live_done(&found);
        } else if (r == -ENOENT && token_has_key(signer, wanted, &key))
                r = 0;
        else if (r == -ENOENT)
                r = store_read_revoke_key(signer->store, &key);
        if (r == -ENOENT || r == -EBADMSG || (r == 0 && EVP_PKEY_eq(key, wanted) != 1))
                return REVOCATION_E_NO_KEY;
        if (r < 0)
                return r;
        if (!jws_algorithm(key))
                return REVOCATION_E_KEY_KIND;
        *ret = TAKE_PTR(key);
        return 0;
}

static bool is_it(const StateCertificate *c, const Revocation *revocation)
{
        return c->is_set && streq(c->fingerprint, revocation->fingerprint);
}

/* Whether it is live, by the state of either key type, and whose it is. Return: 0;
 * REVOCATION_E_OTHER_CA; -ENOMEM. */
static int find_live(const Signer *signer, Revocation *revocation)
{
        const char *fingerprint = revocation->fingerprint;
        _cleanup_(state_freep) State *other = NULL;
        const Config *config = signer->config;
        const char *issuer;
        int r;

        r = signer_read_other_state(signer, &other);
        if (r == -ENOMEM)
                return r;
        revocation->is_live = is_it(&signer->state->certificate, revocation);
        if (!revocation->is_live && other) {
                revocation->is_other = is_it(&other->certificate, revocation);
                revocation->is_live = revocation->is_other;
        }
        issuer = state_issuer(signer->state, fingerprint);
        if (!issuer && other)
                issuer = state_issuer(other, fingerprint);
        if (!issuer && revocation->is_other)
                issuer = other->certificate.directory;
        /* Where nobody knows, the CA that is asked will say so. */
        if (issuer && config_find_directory(config, issuer) == config->n_cas)
                return REVOCATION_E_OTHER_CA;
        return free_and_strdup(&revocation->directory, issuer);
}

static int describe(const Signer *signer, Revocation *revocation)
{
        X509 *certificate = revocation->certificate;
        int r;

        if (certificate_is_placeholder(certificate))
                return REVOCATION_E_PLACEHOLDER;
        r = certificate_get_serial(certificate, &revocation->serial);
        if (r == 0)
                r = certificate_get_fingerprint(certificate, &revocation->fingerprint);
        if (r == 0)
                r = certificate_get_time(X509_get0_notAfter(certificate),
                                         &revocation->not_after_usec);
        if (r < 0)
                return r == -EBADMSG ? REVOCATION_E_NOT_PEM : r;
        return find_live(signer, revocation);
}

int revocation_find(Signer *signer, Revocation *ret)
{
        RevocationRequest request = {};
        Revocation revocation = {.reason = REVOCATION_UNSTATED};
        int r;

        r = read_request(signer, &request);
        if (r == 0)
                r = revocation_find_certificate(signer, &request, &revocation.certificate);
        if (r == 0)
                r = describe(signer, &revocation);
        if (r == 0 && request.by_certificate_key)
                r = find_key(signer, revocation.certificate, &revocation.key);
        if (r == 0) {
                revocation.reason = request.reason;
                *ret = revocation;
        } else
                revocation_done(&revocation);
        revocation_request_done(&request);
        return r;
}
