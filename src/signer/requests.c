/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can be signed: a table of requests, one for each action of RFC 8555; there is no "sign
 * this". A caller gives the URL and the nonce, both checked, and never a byte of what is signed
 * about the account, the identifiers or the key. */

#include "acme/token.h"
#include "acme/url.h"
#include "base/audit.h"
#include "base/base64url.h"
#include "signer/csr.h"
#include "signer/jws.h"
#include "signer/peer.h"
#include "signer/policy.h"

#define PID_TEXT_MAX 16U

/* The URL's grammar is the policy's to check, which has an error of its own for it. */
const JsonField request_fields[] = {
                {"url",
                 JSON_STRING,
                 offsetof(RequestParameters, url),
                 ACME_URL_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"nonce",
                 JSON_STRING,
                 offsetof(RequestParameters, nonce),
                 ACME_NONCE_MAX,
                 acme_nonce_is_valid,
                 JSON_MANDATORY,
                 0},
                {},
};

/* What a JWS says, by the method that asks for it. compose() makes the payload.
 * Return: 0; POLICY_E_REFUSED when it has answered the call; -errno. */
typedef struct Request {
        const char *method;
        const char *operation; /* in the words of RFC 8555 */
        bool by_jwk;           /* signed with the bare key; else for the account */
        int (*compose)(Signer *signer, VarlinkCall *call, char **ret);
} Request;

/* Takes object. Return: 0, -ENOMEM. */
static int format_payload(struct json_object *object, char **ret)
{
        const char *text;
        int r;

        r = json_format(object, &text, NULL);
        if (r == 0) {
                *ret = strdup(text);
                r = *ret ? 0 : -ENOMEM;
        }
        json_object_put(object);
        return r;
}

/* RFC 8555 section 7.3. */
static int compose_new_account(Signer *signer, VarlinkCall *call, char **ret)
{
        struct json_object *payload;

        if (!signer->config->terms_of_service_agreed)
                return policy_refuse(signer,
                                     call,
                                     "TermsNotAgreed",
                                     NULL,
                                     "Refused to agree to the CA's terms of service: "
                                     "TermsOfServiceAgreed= is not yes",
                                     NULL);
        payload = json_object_new_object();
        if (!payload || json_add_boolean(payload, "termsOfServiceAgreed", true) < 0 ||
            (signer->config->contact &&
             json_add_strv(payload, "contact", signer->config->contact) < 0)) {
                json_object_put(payload);
                return -ENOMEM;
        }
        return format_payload(payload, ret);
}

/* RFC 8555 section 7.4. */
static int compose_new_order(Signer *signer, VarlinkCall *call _unused_, char **ret)
{
        struct json_object *payload = json_object_new_object();

        if (!payload || add_identifiers(payload, signer->config->identifiers) < 0) {
                json_object_put(payload);
                return -ENOMEM;
        }
        return format_payload(payload, ret);
}

/* RFC 8555 section 6.3: POST-as-GET has an empty payload. */
static int compose_nothing(Signer *signer _unused_, VarlinkCall *call _unused_, char **ret)
{
        *ret = strdup("");
        return *ret ? 0 : -ENOMEM;
}

/* RFC 8555 section 7.5.1. */
static int compose_empty_object(Signer *signer _unused_, VarlinkCall *call _unused_, char **ret)
{
        *ret = strdup("{}");
        return *ret ? 0 : -ENOMEM;
}

/* RFC 8555 section 7.4. */
static int compose_finalize(Signer *signer, VarlinkCall *call, char **ret)
{
        _cleanup_free_ unsigned char *der = NULL;
        _cleanup_free_ char *csr = NULL;
        struct json_object *payload;
        EVP_PKEY *key;
        size_t length;
        int r;

        r = signer_certificate_key(signer, &key);
        if (r < 0)
                return policy_store_failed(call,
                                           r,
                                           "Failed to make a key for %s below " STORE_PATH "/certs",
                                           signer->name);
        r = csr_make(key, signer->config->identifiers, &der, &length);
        if (r < 0)
                return r;
        csr = base64url_encode(der, length);
        payload = json_object_new_object();
        if (!csr || !payload || json_add_string(payload, "csr", csr) < 0) {
                json_object_put(payload);
                return -ENOMEM;
        }
        return format_payload(payload, ret);
}

static const Request requests[] = {
                {"NewAccount", "newAccount", true, compose_new_account},
                {"NewOrder", "newOrder", false, compose_new_order},
                {"Fetch", "fetch", false, compose_nothing},
                {"AnswerChallenge", "answerChallenge", false, compose_empty_object},
                {"Finalize", "finalize", false, compose_finalize},
};

static const Request *find_request(const char *method)
{
        FOREACH_ARRAY (request, requests, ELEMENTSOF(requests))
                if (streq(request->method, method))
                        return request;
        return NULL;
}

static void
audit_signature(Signer *signer, VarlinkCall *call, const Request *request, const char *url)
{
        char pid[PID_TEXT_MAX], message[64];

        (void) snprintf(pid,
                        sizeof(pid),
                        "%i",
                        (int) varlink_connection_peer_pid(varlink_call_connection(call)));
        (void) snprintf(message, sizeof(message), "Signed a request: %s", request->operation);
        audit(AUDIT_SIGNED,
              message,
              {AUDIT_OPERATION, request->method},
              {AUDIT_URL, url},
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ACCOUNT, account_url(signer->account)},
              {AUDIT_PEER, pid});
}

/* Return: 0, -errno. */
static int reply_jws(VarlinkCall *call, const Jws *jws)
{
        struct json_object *parameters = json_object_new_object(),
                           *object = json_object_new_object();

        if (!parameters || json_add(parameters, "jws", object) < 0 ||
            json_add_string(object, "protected", jws->protected) < 0 ||
            json_add_string(object, "payload", jws->payload) < 0 ||
            json_add_string(object, "signature", jws->signature) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return varlink_reply(call, parameters);
}

/* Account, its key, and the budget, in this order. Return: 0; POLICY_E_REFUSED; -errno. */
static int admit_request(Signer *signer, VarlinkCall *call, const Request *request, EVP_PKEY **ret)
{
        int r;

        r = signer_account_key(signer, ret);
        if (r < 0)
                return policy_store_failed(
                                call,
                                r,
                                "Failed to read or make the account's key in " ACCOUNTS_PATH "/%s",
                                signer->config->ca);
        if (!request->by_jwk && !account_url(signer->account))
                return policy_refuse(signer,
                                     call,
                                     "NoAccount",
                                     NULL,
                                     "Refused to sign for an account that is not known yet",
                                     NULL);
        return policy_admit_signature(signer, call);
}

static int
sign_request(Signer *signer, VarlinkCall *call, const Request *request, const RequestParameters *p)
{
        _cleanup_free_ char *payload = NULL;
        _cleanup_(jws_done) Jws jws = {};
        EVP_PKEY *key;
        int r;

        r = policy_admit(signer, call);
        if (r == 0)
                r = policy_admit_url(signer, call, p->url);
        if (r == 0)
                r = admit_request(signer, call, request, &key);
        if (r == 0)
                r = request->compose(signer, call, &payload);
        if (r != 0)
                return r;
        r = jws_sign(key,
                     request->by_jwk ? NULL : account_url(signer->account),
                     p->nonce,
                     p->url,
                     payload,
                     &jws);
        if (r < 0)
                return r;
        audit_signature(signer, call, request, p->url);
        return reply_jws(call, &jws);
}

int method_request(VarlinkCall *call, const void *parameters, void *userdata)
{
        const Request *request = find_request(varlink_call_method(call));

        assert(request);
        peer_acts(call);
        return MIN(sign_request(userdata, call, request, parameters), 0);
}
