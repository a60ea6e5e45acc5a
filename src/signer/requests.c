/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can be signed: a table of requests, one for each action of RFC 8555; there is no "sign
 * this". A caller gives the URL and the nonce, both checked, and never a byte of what is signed
 * about the account, the identifiers or the key. */

#include "acme/profile.h"
#include "acme/token.h"
#include "acme/url.h"
#include "base/audit.h"
#include "signer/account-door.h"
#include "signer/account-operation.h"
#include "signer/external-account.h"
#include "signer/jws.h"
#include "signer/peer.h"
#include "signer/policy.h"

#define PID_TEXT_MAX 16U

const JsonField request_fields[] = {
                REQUEST_URL_AND_NONCE,
                {},
};

const JsonField new_order_fields[] = {
                REQUEST_URL_AND_NONCE,
                {"replaces",
                 JSON_BOOLEAN,
                 offsetof(RequestParameters, replaces),
                 0,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"profile",
                 JSON_STRING,
                 offsetof(RequestParameters, profile),
                 ACME_PROFILE_MAX,
                 acme_profile_is_valid,
                 JSON_NULLABLE,
                 0},
                {},
};

/* What a JWS says, by the method that asks for it. compose() makes the payload.
 * Return: 0; POLICY_E_REFUSED when it has answered the call; -errno. */
typedef struct Request {
        const char *method;
        const char *operation; /* in the words of RFC 8555 */
        bool by_jwk;           /* signed with the bare key; else for the account */
        int (*compose)(Signer *signer, VarlinkCall *call, const RequestParameters *p, char **ret);
        /* Another key than the account's, used bare, where *ret is set; NULL: none. Return as
         * compose(). */
        int (*choose_key)(Signer *signer, VarlinkCall *call, EVP_PKEY **ret);
} Request;

int format_payload(struct json_object *object, char **ret)
{
        const char *text;
        int r;

        r = object ? json_format(object, &text, NULL) : -ENOMEM;
        if (r == 0) {
                *ret = strdup(text);
                r = *ret ? 0 : -ENOMEM;
        }
        json_object_put(object);
        return r;
}

/* Of a CA that has customers (section 7.3.4). Return: 0; POLICY_E_REFUSED; -errno. */
static int add_external_account(Signer *signer,
                                VarlinkCall *call,
                                const RequestParameters *p,
                                struct json_object *payload)
{
        _cleanup_free_ char *message = NULL;
        EVP_PKEY *key;
        int r;

        r = signer_account_key(signer, &key);
        if (r == 0)
                r = external_account_add(signer->config->account, key, p->url, payload, &message);
        return r == -EBADMSG && message ? policy_refuse_configuration(signer, call, message) : r;
}

/* An object with one member, which is true. Return: 0, -ENOMEM. */
static int compose_boolean(const char *name, char **ret)
{
        struct json_object *payload = json_object_new_object();

        if (!payload || json_add_boolean(payload, name, true) < 0) {
                json_object_put(payload);
                return -ENOMEM;
        }
        return format_payload(payload, ret);
}

/* Is newAccount to find an account, and not to make one (section 7.3.1)? */
static bool is_to_find_account(const Signer *signer)
{
        return account_key_is_unclear(signer->account) ||
               (signer->request && signer->request->operation != ACCOUNT_REGISTER);
}

/* RFC 8555 section 7.3. */
static int
compose_new_account(Signer *signer, VarlinkCall *call, const RequestParameters *p, char **ret)
{
        struct json_object *payload;
        int r;

        if (is_to_find_account(signer))
                return compose_boolean("onlyReturnExisting", ret);
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
        r = add_external_account(signer, call, p, payload);
        if (r != 0) {
                json_object_put(payload);
                return r;
        }
        return format_payload(payload, ret);
}

/* Is the profile one that the administrator wants? */
static bool is_configured_profile(const Config *config, const char *profile)
{
        return profile ? strv_contains(config->profiles, profile) : !config->profile_required;
}

/* RFC 8555 section 7.4: from when and until when, where the administrator has a wish. */
static int add_moments(struct json_object *payload, const Signer *signer)
{
        const Config *config = signer->config;
        usec_t now_usec = signer->now();

        if (config->backdate_usec > 0 &&
            json_add_string(payload,
                            "notBefore",
                            FORMAT_TIMESTAMP(now_usec - MIN(now_usec, config->backdate_usec))) < 0)
                return -ENOMEM;
        if (config->lifetime_usec > 0 &&
            json_add_string(payload,
                            "notAfter",
                            FORMAT_TIMESTAMP(now_usec + config->lifetime_usec)) < 0)
                return -ENOMEM;
        return 0;
}

/* RFC 8555 section 7.4; RFC 9773 section 5; draft-ietf-acme-profiles section 4. */
static int
compose_new_order(Signer *signer, VarlinkCall *call, const RequestParameters *p, char **ret)
{
        const char *replaced = p->replaces ? signer_replaced_id(signer) : NULL;
        struct json_object *payload;

        if (!is_configured_profile(signer->config, p->profile))
                return policy_refuse(signer,
                                     call,
                                     "ProfileRefused",
                                     NULL,
                                     "Refused to order by another profile than Profile= allows",
                                     NULL);
        payload = json_object_new_object();
        if (!payload || add_identifiers(payload, signer->config->identifiers) < 0 ||
            add_moments(payload, signer) < 0 ||
            (replaced && json_add_string(payload, "replaces", replaced) < 0) ||
            (p->profile && json_add_string(payload, "profile", p->profile) < 0)) {
                json_object_put(payload);
                return -ENOMEM;
        }
        return format_payload(payload, ret);
}

/* RFC 8555 section 6.3: POST-as-GET has an empty payload. */
static int compose_nothing(Signer *signer _unused_,
                           VarlinkCall *call _unused_,
                           const RequestParameters *p _unused_,
                           char **ret)
{
        *ret = strdup("");
        return *ret ? 0 : -ENOMEM;
}

/* RFC 8555 section 7.5.1. */
static int compose_empty_object(Signer *signer _unused_,
                                VarlinkCall *call _unused_,
                                const RequestParameters *p _unused_,
                                char **ret)
{
        *ret = strdup("{}");
        return *ret ? 0 : -ENOMEM;
}

/* RFC 8555 section 7.5.2. The same words end an account (section 7.3.6), so that a caller must not
 * choose freely what they are said to; and an authorization is taken back in each order once. */
static int
compose_deactivation(Signer *signer, VarlinkCall *call, const RequestParameters *p, char **ret)
{
        /* A dry run has looked at no earlier order. */
        size_t n = MAX(strv_length(signer->config->identifiers), signer->n_names);

        if (!acme_url_is_apart(p->url, account_url(signer->account)))
                return policy_refuse_url(signer,
                                         call,
                                         p->url,
                                         "Refused to deactivate what may be an account");
        if (signer->deactivations == DEACTIVATION_BUDGET(n))
                return policy_refuse(signer,
                                     call,
                                     "BudgetExhausted",
                                     NULL,
                                     "Refused to deactivate more authorizations than an order has",
                                     NULL);
        signer->deactivations++;
        *ret = strdup("{\"status\":\"deactivated\"}");
        return *ret ? 0 : -ENOMEM;
}

static const Request requests[] = {
                {"NewAccount", "newAccount", true, compose_new_account},
                {"UpdateAccount", "updateAccount", false, account_compose_update},
                {"ChangeKey", "keyChange", false, account_compose_key_change},
                {"NewOrder", "newOrder", false, compose_new_order},
                {"Fetch", "fetch", false, compose_nothing},
                {"AnswerChallenge", "answerChallenge", false, compose_empty_object},
                {"DeactivateAuthorization", "deactivateAuthorization", false, compose_deactivation},
                {"Finalize", "finalize", false, finalize_compose},
                {"FinalizeRequest", "finalize", false, finalize_compose_request},
                {"Revoke", "revokeCert", false, revoke_compose, revoke_choose_key},
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
        const VarlinkConnection *peer = varlink_call_connection(call);
        char pid[PID_TEXT_MAX], unit[DOOR_UNIT_MAX], message[64];

        (void) snprintf(pid, sizeof(pid), "%i", (int) varlink_connection_peer_pid(peer));
        (void) snprintf(message, sizeof(message), "Signed a request: %s", request->operation);
        audit(AUDIT_SIGNED,
              message,
              {AUDIT_OPERATION, request->method},
              {AUDIT_URL, url},
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ACCOUNT, account_url(signer->account)},
              {AUDIT_UNIT, door_unit(varlink_connection_door(peer), signer->name, unit)},
              {AUDIT_PEER, pid});
}

/* Return: 0, -errno. */
static int reply_jws(VarlinkCall *call, const Jws *jws)
{
        struct json_object *parameters = json_object_new_object();

        if (!parameters || json_add(parameters, "jws", jws_to_json(jws)) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return varlink_reply(call, parameters);
}

/* Only who is to register an account makes it a key. Return: as below. */
static int admit_key(Signer *signer, VarlinkCall *call, EVP_PKEY **ret)
{
        int r;

        r = signer->request && signer->request->operation != ACCOUNT_REGISTER
                            ? account_load_key(signer->account, ret)
                            : signer_account_key(signer, ret);
        if (r == -ENOENT)
                return policy_refuse(signer,
                                     call,
                                     "NoAccount",
                                     NULL,
                                     "Refused to sign for an account that has no key",
                                     NULL);
        if (r < 0)
                return policy_store_failed(
                                signer,
                                call,
                                r,
                                "Failed to read or make the account's key in " ACCOUNTS_PATH "/%s",
                                signer->config->account);
        return 0;
}

/* The account's key, and whether there is an account for it. Return: 0; POLICY_E_REFUSED; -errno.
 */
static int admit_account(Signer *signer, VarlinkCall *call, const Request *request, EVP_PKEY **ret)
{
        int r;

        r = policy_admit_account(signer, call);
        if (r == 0)
                r = admit_key(signer, call, ret);
        if (r != 0)
                return r;
        if (!request->by_jwk && !account_url(signer->account))
                return policy_refuse(signer,
                                     call,
                                     "NoAccount",
                                     NULL,
                                     "Refused to sign for an account that is not known yet",
                                     NULL);
        return 0;
}

/* Who signs, and the budget. kid is NULL where the bare key does. */
typedef struct Signature {
        EVP_PKEY *key;
        const char *kid;
} Signature;

/* Return: 0; POLICY_E_REFUSED; -errno. */
static int admit_request(Signer *signer, VarlinkCall *call, const Request *request, Signature *ret)
{
        int r = 0;

        if (request->choose_key)
                r = request->choose_key(signer, call, &ret->key);
        if (r == 0 && !ret->key) {
                r = admit_account(signer, call, request, &ret->key);
                ret->kid = request->by_jwk ? NULL : account_url(signer->account);
        }
        return r == 0 ? policy_admit_signature(signer, call) : r;
}

static int
sign_request(Signer *signer, VarlinkCall *call, const Request *request, const RequestParameters *p)
{
        _cleanup_free_ char *payload = NULL;
        _cleanup_(jws_done) Jws jws = {};
        Signature signature = {};
        int r;

        r = policy_admit(signer, call);
        if (r == 0)
                r = policy_admit_url(signer, call, p->url);
        if (r == 0 && signer->account_door && !request->choose_key) {
                r = policy_admit_signature(signer, call);
                return r != 0 ? r : account_door_request(signer, call, p);
        }
        if (r == 0)
                r = admit_request(signer, call, request, &signature);
        if (r == 0)
                r = request->compose(signer, call, p, &payload);
        if (r != 0)
                return r;
        r = jws_sign(signature.key, signature.kid, p->nonce, p->url, payload, &jws);
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
