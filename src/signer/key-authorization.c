/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is published for a challenge, in the form that its type wants: one method for each, at the
 * door of the room that publishes it. Not an act of a client alone, and no signature. */

#include <openssl/evp.h>

#include "acme/identifier.h"
#include "acme/token.h"
#include "base/base64url.h"
#include "signer/account-door.h"
#include "signer/policy.h"
#include "signer/validation.h"

const JsonField token_fields[] = {
                {"token",
                 JSON_STRING,
                 offsetof(TokenParameter, value),
                 ACME_TOKEN_MAX,
                 acme_token_is_valid,
                 JSON_MANDATORY,
                 0},
                {},
};

int signer_key_authorization(Signer *signer, VarlinkCall *call, const char *token, char **ret)
{
        EVP_PKEY *key;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return r;
        if (signer->account_door)
                return account_door_key_authorization(signer, call, token, ret);
        r = signer_account_key(signer, &key);
        if (r < 0)
                return policy_store_failed(
                                signer,
                                call,
                                r,
                                "Failed to read or make the account's key in " ACCOUNTS_PATH "/%s",
                                signer->config->account);
        if (asprintf(ret, "%s.%s", token, account_thumbprint(signer->account)) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}

static int reply_string(VarlinkCall *call, const char *name, const char *value)
{
        _cleanup_json_ struct json_object *reply = json_object_new_object();

        if (!reply || json_add_string(reply, name, value) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(reply));
}

int method_key_authorization(VarlinkCall *call, const void *parameters, void *userdata)
{
        const TokenParameter *p = parameters;
        _cleanup_free_ char *text = NULL;
        int r;

        r = signer_key_authorization(userdata, call, p->value, &text);
        return r != 0 ? MIN(r, 0) : reply_string(call, "keyAuthorization", text);
}

/* Of a key authorization, by SHA-256. Return: 0; POLICY_E_REFUSED; -errno. */
static int digest_of(Signer *signer,
                     VarlinkCall *call,
                     const char *token,
                     unsigned char ret[static VALIDATION_DIGEST_BYTES])
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = signer_key_authorization(signer, call, token, &text);
        if (r != 0)
                return r;
        return EVP_Digest(text, strlen(text), ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

/* RFC 8555 section 8.4: the value of the record _acme-challenge.NAME. */
int method_key_authorization_digest(VarlinkCall *call, const void *parameters, void *userdata)
{
        const TokenParameter *p = parameters;
        unsigned char hash[VALIDATION_DIGEST_BYTES];
        _cleanup_free_ char *digest = NULL;
        int r;

        r = digest_of(userdata, call, p->value, hash);
        if (r != 0)
                return MIN(r, 0);
        digest = base64url_encode(hash, sizeof(hash));
        return digest ? reply_string(call, "digest", digest) : -ENOMEM;
}

const JsonField validation_fields[] = {
                {"token",
                 JSON_STRING,
                 offsetof(ValidationParameters, token),
                 ACME_TOKEN_MAX,
                 acme_token_is_valid,
                 JSON_MANDATORY,
                 0},
                {"identifier",
                 JSON_STRING,
                 offsetof(ValidationParameters, identifier),
                 ACME_IDENTIFIER_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

/* What is made vouches for nothing outside of the one look that the CA takes, and still it is for
 * names of ours only. Return: 0; POLICY_E_REFUSED; -errno. */
static int admit_identifier(Signer *signer, VarlinkCall *call, const char *identifier)
{
        struct json_object *parameters;

        if (strv_contains(signer->config->identifiers, identifier))
                return 0;
        parameters = json_object_new_object();
        if (!parameters || json_add_string(parameters, "identifier", identifier) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return policy_refuse(signer,
                             call,
                             "IdentifierRefused",
                             parameters,
                             "Refused a certificate for an identifier that is not configured",
                             NULL);
}

static int reply_validation(VarlinkCall *call, const Validation *validation)
{
        _cleanup_json_ struct json_object *reply = json_object_new_object();

        if (!reply || json_add_string(reply, "pem", validation->pem) < 0 ||
            json_add_string(reply, "certificate", validation->certificate) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(reply));
}

int method_validation_certificate(VarlinkCall *call, const void *parameters, void *userdata)
{
        const ValidationParameters *p = parameters;
        unsigned char digest[VALIDATION_DIGEST_BYTES];
        _cleanup_(validation_done) Validation validation = {};
        Signer *signer = userdata;
        int r;

        r = digest_of(signer, call, p->token, digest);
        if (r == 0)
                r = admit_identifier(signer, call, p->identifier);
        if (r != 0)
                return MIN(r, 0);
        r = validation_make(p->identifier, digest, signer->now(), &validation);
        return r < 0 ? r : reply_validation(call, &validation);
}
