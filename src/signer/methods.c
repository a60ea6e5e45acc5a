/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods: a table, and the short ones. The set of things that can be signed is the table of
 * requests; there is no "sign this". A caller gives the URL and the nonce, both checked, and never
 * a byte of what is signed about the account, the identifiers or the key. */

#include "acme/token.h"
#include "acme/url.h"
#include "base/audit.h"
#include "base/base64url.h"
#include "base/log.h"
#include "signer/csr.h"
#include "signer/jws.h"
#include "signer/peer.h"
#include "signer/policy.h"
#include "varlink/idl-signer.h"

#define PID_TEXT_MAX 16U

typedef struct RequestParameters {
        const char *url, *nonce;
} RequestParameters;

typedef struct OneString {
        const char *value;
} OneString;

/* The URL's grammar is the policy's to check, which has an error of its own for it. */
static const JsonField request_fields[] = {
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

static const JsonField account_fields[] = {
                {"account",
                 JSON_STRING,
                 offsetof(OneString, value),
                 ACME_URL_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

static const JsonField order_fields[] = {
                {"order",
                 JSON_STRING,
                 offsetof(OneString, value),
                 ACME_URL_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

static const JsonField token_fields[] = {
                {"token",
                 JSON_STRING,
                 offsetof(OneString, value),
                 ACME_TOKEN_MAX,
                 acme_token_is_valid,
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

/* {"type": "dns", "value": identifier} (RFC 8555 section 9.7.7). Return: new, NULL without memory.
 */
static struct json_object *identifier_to_json(const char *identifier)
{
        struct json_object *object = json_object_new_object();

        if (object && json_add_string(object, "type", "dns") == 0 &&
            json_add_string(object, "value", identifier) == 0)
                return object;
        json_object_put(object);
        return NULL;
}

/* RFC 8555 section 7.4. */
static int compose_new_order(Signer *signer, VarlinkCall *call _unused_, char **ret)
{
        struct json_object *payload = json_object_new_object(), *list = json_object_new_array();

        if (!payload || json_add(payload, "identifiers", list) < 0) {
                json_object_put(payload);
                return -ENOMEM;
        }
        STRV_FOREACH (identifier, signer->config->identifiers) {
                struct json_object *object = identifier_to_json(*identifier);

                if (!object || json_object_array_add(list, object) < 0) {
                        json_object_put(object);
                        json_object_put(payload);
                        return -ENOMEM;
                }
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

static int method_request(VarlinkCall *call, const void *parameters, void *userdata)
{
        const Request *request = find_request(varlink_call_method(call));

        assert(request);
        peer_acts(call);
        return MIN(sign_request(userdata, call, request, parameters), 0);
}

/* RFC 8555 section 8.1. Not an act of a client alone, and no signature. */
static int method_key_authorization(VarlinkCall *call, const void *parameters, void *userdata)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ struct json_object *reply = NULL;
        const OneString *p = parameters;
        Signer *signer = userdata;
        EVP_PKEY *key;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return MIN(r, 0);
        r = signer_account_key(signer, &key);
        if (r < 0)
                return MIN(policy_store_failed(call,
                                               r,
                                               "Failed to read or make the account's key "
                                               "in " ACCOUNTS_PATH "/%s",
                                               signer->config->ca),
                           0);
        if (asprintf(&text, "%s.%s", p->value, account_thumbprint(signer->account)) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        reply = json_object_new_object();
        if (!reply || json_add_string(reply, "keyAuthorization", text) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(reply));
}

/* What each method that only remembers something begins with. */
static int admit_note(Signer *signer, VarlinkCall *call, const char *url)
{
        int r;

        peer_acts(call);
        r = policy_admit(signer, call);
        if (r == 0 && url)
                r = policy_admit_url(signer, call, url);
        return r;
}

static int method_set_account(VarlinkCall *call, const void *parameters, void *userdata)
{
        const OneString *p = parameters;
        Signer *signer = userdata;
        EVP_PKEY *key;
        int r;

        r = admit_note(signer, call, p->value);
        if (r != 0)
                return MIN(r, 0);
        r = signer_account_key(signer, &key);
        if (r == 0)
                r = account_set_url(signer->account, p->value);
        if (r < 0)
                return MIN(policy_store_failed(call,
                                               r,
                                               "Failed to write the account's URL to " ACCOUNTS_PATH
                                               "/%s",
                                               signer->config->ca),
                           0);
        audit(AUDIT_ACCOUNT_REGISTERED,
              "The CA knows the account",
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ACCOUNT, p->value});
        return varlink_reply(call, NULL);
}

static int method_forget_account(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        _cleanup_free_ char *url = NULL;
        Signer *signer = userdata;
        int r;

        r = admit_note(signer, call, NULL);
        if (r != 0)
                return MIN(r, 0);
        r = free_and_strdup(&url, account_url(signer->account));
        if (r == 0)
                r = account_forget_url(signer->account);
        if (r < 0)
                return MIN(policy_store_failed(
                                           call,
                                           r,
                                           "Failed to remove the account's URL from " ACCOUNTS_PATH
                                           "/%s",
                                           signer->config->ca),
                           0);
        /* An order is of an account. */
        state_order_done(&signer->state->order);
        (void) signer_write_state(signer);
        audit(AUDIT_ACCOUNT_FORGOTTEN,
              "The CA does not know the account any more",
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ACCOUNT, url});
        return varlink_reply(call, NULL);
}

static int method_set_order(VarlinkCall *call, const void *parameters, void *userdata)
{
        const OneString *p = parameters;
        Signer *signer = userdata;
        StateOrder order = {};
        int r;

        r = admit_note(signer, call, p->value);
        if (r != 0)
                return MIN(r, 0);
        order.created_usec = signer->now();
        if (free_and_strdup(&order.url, p->value) < 0 ||
            free_and_strdup(&order.directory, signer->config->directory) < 0 ||
            strv_copy(signer->config->identifiers, &order.identifiers) < 0) {
                state_order_done(&order);
                return -ENOMEM;
        }
        state_order_done(&signer->state->order);
        signer->state->order = order;
        (void) signer_write_state(signer);
        return varlink_reply(call, NULL);
}

static int method_forget_order(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        Signer *signer = userdata;
        int r;

        r = admit_note(signer, call, NULL);
        if (r != 0)
                return MIN(r, 0);
        state_order_done(&signer->state->order);
        (void) signer_write_state(signer);
        return varlink_reply(call, NULL);
}

#define METHOD(name, fields, type, handle)                                                         \
        {                                                                                          \
                name, fields, sizeof(type), handle                                                 \
        }

static const VarlinkMethod methods[] = {
                {"Describe", NULL, 0, method_describe},
                METHOD("NewAccount", request_fields, RequestParameters, method_request),
                METHOD("SetAccount", account_fields, OneString, method_set_account),
                {"ForgetAccount", NULL, 0, method_forget_account},
                METHOD("NewOrder", request_fields, RequestParameters, method_request),
                METHOD("SetOrder", order_fields, OneString, method_set_order),
                {"ForgetOrder", NULL, 0, method_forget_order},
                METHOD("Fetch", request_fields, RequestParameters, method_request),
                METHOD("KeyAuthorization", token_fields, OneString, method_key_authorization),
                METHOD("AnswerChallenge", request_fields, RequestParameters, method_request),
                METHOD("Finalize", request_fields, RequestParameters, method_request),
                METHOD("Install", install_fields, InstallParameters, method_install),
                METHOD("ReportFailure",
                       report_failure_fields,
                       FailureParameters,
                       method_report_failure),
                {},
};

const VarlinkInterface signer_interface = {
                .name = SIGNER_INTERFACE,
                .description = idl_signer,
                .methods = methods,
};
