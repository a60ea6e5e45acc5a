/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A request is configuration: it is checked as hard as that, before anything is asked of a CA, and
 * what is wrong with it is told in the same way. Whether its key may be used can change while the
 * signer runs, and is asked again where it is. */

#include <fcntl.h>

#include "base/escape.h"
#include "base/file.h"
#include "signer/policy.h"
#include "signer/retired.h"

/* As many names are told of a request that is for others. */
#define NAMES_TEXT_MAX 512U

void foreign_key_done(ForeignKey *foreign)
{
        EVP_PKEY_free(foreign->key);
        certificate_request_done(&foreign->request);
        free(foreign->source);
        *foreign = (ForeignKey){};
}

/* Return: CONFIG_E_INVALID, -ENOMEM. */
static int refuse(const Config *config, const char *why, char **ret_message)
{
        if (asprintf(ret_message,
                     "%s=%s is refused: %s. Allowed: %s",
                     config_key_setting(config),
                     config->csr ?: config->key_uri,
                     why,
                     config->csr ? "a signing request for the names of Identifiers=, by a key of "
                                   "its own"
                                 : "a private key for this certificate alone, in a token that the "
                                   "signer can open") < 0) {
                *ret_message = NULL;
                return -ENOMEM;
        }
        return CONFIG_E_INVALID;
}

static int read_file(const Config *config, const char *root, char **ret, size_t *ret_length)
{
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;

        if (asprintf(&path, "%s%s", root, config->csr) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        return fd < 0 ? -errno : file_read_fd(fd, REQUEST_FILE_BYTES_MAX, ret, ret_length);
}

static int parse(ForeignKey *foreign, const Config *config, const char *root, char **ret_message)
{
        _cleanup_free_ char *data = NULL, *why = NULL;
        size_t length;
        int r;

        r = read_file(config, root, &data, &length);
        if (r == -EFBIG)
                return refuse(config,
                              certificate_request_explain(REQUEST_E_TOO_LARGE),
                              ret_message);
        if (r < 0) {
                if (asprintf(&why,
                             "it cannot be read: %s%s",
                             strerror(-r),
                             r == -EACCES ? " (a request is no secret: chmod a+r)" : "") < 0) {
                        why = NULL;
                        return -ENOMEM;
                }
                return refuse(config, why, ret_message);
        }
        r = certificate_request_parse(data, length, &foreign->request);
        return r > 0 ? refuse(config,
                              certificate_request_explain((CertificateRequestReason) r),
                              ret_message)
                     : r;
}

static int refuse_names(const Config *config, char *const *names, char **ret_message)
{
        _cleanup_free_ char *text = NULL, *shown = NULL, *why = NULL;

        if (strv_join(names, " ", &text) < 0)
                return -ENOMEM;
        shown = escape_foreign(text, strlen(text), NAMES_TEXT_MAX);
        if (!shown || asprintf(&why, "it is for other names than Identifiers=: %s", shown) < 0) {
                why = NULL;
                return -ENOMEM;
        }
        return refuse(config, why, ret_message);
}

/* RFC 8555 section 7.4: exactly what is ordered. */
static int check_names(Config *config, char *const *names, char **ret_message)
{
        _cleanup_free_ char *why = NULL;
        int r;

        if (!config->identifiers_by_csr)
                return strv_equal(names, config->identifiers)
                                       ? 0
                                       : refuse_names(config, names, ret_message);
        r = config_adopt_names(config, names, &why);
        return r > 0 ? refuse(config, why, ret_message) : r;
}

int foreign_key_load(ForeignKey *foreign, Config *config, const char *root, char **ret_message)
{
        int r;

        if (config->key_uri)
                return free_and_strdup(&foreign->source, config->key_uri);
        if (!config->csr)
                return 0;
        r = parse(foreign, config, root, ret_message);
        if (r == 0)
                r = check_names(config, foreign->request.names, ret_message);
        if (r != 0)
                return r;
        foreign->key = foreign->request.key;
        EVP_PKEY_up_ref(foreign->key);
        if (asprintf(&foreign->source, KEY_SOURCE_CSR "%s", foreign->request.fingerprint) < 0) {
                foreign->source = NULL;
                return -ENOMEM;
        }
        return 0;
}

int foreign_key_get(ForeignKey *foreign, const Config *config, EVP_PKEY **ret)
{
        int r = 0;

        /* Once: a token counts wrong PINs, and locks itself. */
        if (!foreign->key && foreign->reason == 0)
                r = token_key_load(config->key_uri, &foreign->key);
        if (r > 0)
                foreign->reason = (TokenReason) r;
        if (r < 0)
                return r;
        if (!foreign->key)
                return -ENOKEY;
        *ret = foreign->key;
        return 0;
}

const char *foreign_key_source(Signer *signer, EVP_PKEY *live_key, EVP_PKEY *leaf_key)
{
        EVP_PKEY *key;

        return !live_key && leaf_key && signer->foreign_key.source &&
                                               foreign_key_get(&signer->foreign_key,
                                                               signer->config,
                                                               &key) == 0 &&
                                               EVP_PKEY_eq(key, leaf_key) == 1
                               ? signer->foreign_key.source
                               : NULL;
}

static int refuse_key(Signer *signer, VarlinkCall *call, const char *why)
{
        _cleanup_free_ char *message = NULL;
        int r;

        r = refuse(signer->config, why, &message);
        return r < 0 ? r : policy_refuse_configuration(signer, call, message);
}

int foreign_key_admit(Signer *signer, VarlinkCall *call)
{
        EVP_PKEY *key;
        int r;

        if (!config_key_is_elsewhere(signer->config))
                return 0;
        r = foreign_key_get(&signer->foreign_key, signer->config, &key);
        if (r == -ENOKEY)
                return refuse_key(signer, call, token_key_explain(signer->foreign_key.reason));
        if (r < 0)
                return r;
        signer_heed_replacement(signer);
        r = retired_has(signer->root, key);
        if (r > 0)
                return refuse_key(signer,
                                  call,
                                  "its key is retired, since others may know it; make another");
        if (r == 0)
                r = accounts_have_key(signer->root, key);
        if (r > 0)
                return refuse_key(signer, call, "its key is an account's at a CA");
        if (r < 0)
                return policy_store_failed(signer,
                                           call,
                                           r,
                                           "Failed to look whether the key of %s may be used",
                                           signer->name);
        return 0;
}
