/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of methods: everything that a caller can ask for, with the parameters that it may give.
 * The one method that is neither a request to the CA nor a note has its place here, too. */

#include "acme/token.h"
#include "signer/policy.h"
#include "varlink/idl-signer.h"

typedef struct TokenParameter {
        const char *value;
} TokenParameter;

static const JsonField token_fields[] = {
                {"token",
                 JSON_STRING,
                 offsetof(TokenParameter, value),
                 ACME_TOKEN_MAX,
                 acme_token_is_valid,
                 JSON_MANDATORY,
                 0},
                {},
};

/* RFC 8555 section 8.1. Not an act of a client alone, and no signature. */
static int method_key_authorization(VarlinkCall *call, const void *parameters, void *userdata)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ struct json_object *reply = NULL;
        const TokenParameter *p = parameters;
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

#define METHOD(name, fields, type, handle)                                                         \
        {                                                                                          \
                name, fields, sizeof(type), handle                                                 \
        }

static const VarlinkMethod methods[] = {
                {"Describe", NULL, 0, method_describe},
                METHOD("NewAccount", request_fields, RequestParameters, method_request),
                METHOD("SetAccount", account_fields, UrlParameter, method_set_account),
                {"ForgetAccount", NULL, 0, method_forget_account},
                METHOD("NewOrder", request_fields, RequestParameters, method_request),
                METHOD("SetOrder", order_fields, UrlParameter, method_set_order),
                {"ForgetOrder", NULL, 0, method_forget_order},
                METHOD("Fetch", request_fields, RequestParameters, method_request),
                METHOD("KeyAuthorization", token_fields, TokenParameter, method_key_authorization),
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
