/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls to the signer. It is the room that holds the keys, and decides; here its errors become
 * the reason of a failure. */

#include "client/signer.h"

#include "base/escape.h"
#include "base/log.h"
#include "version.h"

#define INTERFACE "io.acmeward.Signer."

/* The slowest thing that a signer does is an RSA key of 4096 bits on a slow machine. */
#define SIGNER_TIMEOUT_USEC (60 * USEC_PER_SEC)

int signer_connect(Signer *signer, Failure *failure)
{
        int r;

        *signer = (Signer){.failure = failure};
        r = varlink_client_connect(SIGNER_DOOR, &signer->client);
        if (r >= 0)
                return 0;
        return failure_set(
                        failure,
                        EXIT_BUG,
                        "Failed to reach the signer at " SIGNER_DOOR
                        ": %s. This program is started by acme-renew@.service, which has the door",
                        strerror(-r));
}

void signer_done(Signer *signer)
{
        varlink_client_free(signer->client);
        signer->client = NULL;
}

static int send_call(Signer *signer, const char *method, struct json_object *parameters)
{
        _cleanup_free_ char *name = NULL;
        int r;

        if (asprintf(&name, INTERFACE "%s", method) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        r = varlink_client_send(signer->client, name, parameters);
        signer->is_waiting = r >= 0;
        if (r >= 0 || r == -ENOMEM)
                return r;
        return failure_set(signer->failure,
                           EXIT_TRY_AGAIN,
                           "Failed to call the signer (%s): %s",
                           method,
                           strerror(-r));
}

/* The string member of an error's parameters, escaped; "" when there is none. NULL without memory.
 */
static char *error_text(const VarlinkReply *reply, const char *name)
{
        struct json_object *value;
        const char *text = "";

        if (json_object_object_get_ex(reply->parameters, name, &value) &&
            json_object_is_type(value, json_type_string))
                text = json_object_get_string(value);
        return escape_foreign(text, strlen(text), FOREIGN_TEXT_MAX);
}

/* Return: what the caller returns. */
static int judge_error(Signer *signer, const VarlinkReply *reply, char **ret_reason)
{
        static const struct {
                const char *name;
                const char *parameter; /* says more; NULL: none */
                ExitStatus exit_status;
                const char *text;
        } errors[] = {
                        {"ConfigurationInvalid",
                         "message",
                         EXIT_CONFIGURATION,
                         "The configuration is wrong"},
                        {"UrlRefused",
                         "url",
                         EXIT_REFUSED,
                         "The signer refuses a URL of another origin than the CA's"},
                        {"TermsNotAgreed",
                         NULL,
                         EXIT_REFUSED,
                         "The CA's terms of service are not agreed to; read them, then set "
                         "TermsOfServiceAgreed=yes in the section [Defaults] of " SYSCONFDIR
                         "/acme.conf"},
                        {"BudgetExhausted",
                         NULL,
                         EXIT_TRY_AGAIN,
                         "The signer has signed as often as one renewal can need"},
                        {"StoreFailed",
                         "message",
                         EXIT_TRY_AGAIN,
                         "The certificate's store failed"},
        };
        const char *name = startswith(reply->error, INTERFACE);
        _cleanup_free_ char *text = NULL, *shown = NULL;

        if (name && streq(name, "NoAccount"))
                return CLIENT_E_NO_ACCOUNT;
        if (name && streq(name, "ChainRefused") && ret_reason) {
                *ret_reason = error_text(reply, "message");
                return *ret_reason ? CLIENT_E_CHAIN_REFUSED : -ENOMEM;
        }
        for (size_t i = 0; name && i < ELEMENTSOF(errors); i++) {
                if (!streq(name, errors[i].name))
                        continue;
                if (!errors[i].parameter)
                        return failure_set(signer->failure,
                                           errors[i].exit_status,
                                           "%s",
                                           errors[i].text);
                text = error_text(reply, errors[i].parameter);
                if (!text)
                        return -ENOMEM;
                return failure_set(signer->failure,
                                   errors[i].exit_status,
                                   "%s: %s",
                                   errors[i].text,
                                   text);
        }

        shown = escape_foreign(reply->error, strlen(reply->error), FOREIGN_TEXT_MAX);
        if (!shown)
                return -ENOMEM;
        return failure_set(signer->failure,
                           EXIT_BUG,
                           "The signer answered with the error %s",
                           shown);
}

/* ret_reason: NULL where a chain cannot be refused. */
static int receive(Signer *signer, VarlinkReply *ret, char **ret_reason)
{
        int r;

        r = varlink_client_receive(signer->client, SIGNER_TIMEOUT_USEC, ret);
        signer->is_waiting = false;
        if (r == 0 || r == -ENOMEM)
                return r;
        if (r == VARLINK_E_ERROR)
                return judge_error(signer, ret, ret_reason);
        return failure_set(signer->failure,
                           EXIT_TRY_AGAIN,
                           "The signer is gone (%s); see the journal of acme-signer@.service",
                           strerror(-r));
}

static int call(Signer *signer, const char *method, struct json_object *parameters)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        int r;

        r = send_call(signer, method, parameters);
        return r != 0 ? r : receive(signer, &reply, NULL);
}

/* An object with one string; NULL without memory. */
static struct json_object *one_string(const char *name, const char *value)
{
        struct json_object *object = json_object_new_object();

        if (object && json_add_string(object, name, value) < 0) {
                json_object_put(object);
                return NULL;
        }
        return object;
}

static int call_with(Signer *signer, const char *method, const char *name, const char *value)
{
        struct json_object *parameters = one_string(name, value);

        return parameters ? call(signer, method, parameters) : -ENOMEM;
}

int signer_describe_send(Signer *signer)
{
        return send_call(signer, "Describe", NULL);
}

int signer_describe_receive(Signer *signer, Description **ret)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        const char *field = NULL;
        int r;

        r = receive(signer, &reply, NULL);
        if (r != 0)
                return r;
        r = description_parse(reply.parameters, ret, &field);
        if (r == -EBADMSG)
                return failure_set(
                                signer->failure,
                                EXIT_BUG,
                                "The signer's description of the certificate is not understood: %s",
                                field);
        return r;
}

int signer_sign_send(Signer *signer, const char *method, const char *url, const char *nonce)
{
        struct json_object *parameters = one_string("url", url);

        if (!parameters)
                return -ENOMEM;
        if (json_add_string(parameters, "nonce", nonce) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return send_call(signer, method, parameters);
}

int signer_sign_receive(Signer *signer, char **ret)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *jws;
        char *body;
        int r;

        r = receive(signer, &reply, NULL);
        if (r != 0)
                return r;
        if (!json_object_object_get_ex(reply.parameters, "jws", &jws) ||
            !json_object_is_type(jws, json_type_object))
                return failure_set(signer->failure,
                                   EXIT_BUG,
                                   "The signer's signature is not understood");
        body = strdup(json_object_to_json_string_ext(
                        jws,
                        JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        if (!body)
                return -ENOMEM;
        *ret = body;
        return 0;
}

int signer_set_account(Signer *signer, const char *url)
{
        return call_with(signer, "SetAccount", "account", url);
}

int signer_forget_account(Signer *signer)
{
        return call(signer, "ForgetAccount", NULL);
}

int signer_set_order(Signer *signer, const char *url)
{
        return call_with(signer, "SetOrder", "order", url);
}

int signer_forget_order(Signer *signer)
{
        return call(signer, "ForgetOrder", NULL);
}

int signer_install(Signer *signer, const char *chain, usec_t *ret_not_after_usec, char **ret_reason)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *parameters = one_string("chain", chain), *object;
        int r;

        if (!parameters)
                return -ENOMEM;
        r = send_call(signer, "Install", parameters);
        if (r == 0)
                r = receive(signer, &reply, ret_reason);
        if (r != 0)
                return r;
        if (!json_object_object_get_ex(reply.parameters, "certificate", &object) ||
            description_parse_not_after(object, ret_not_after_usec) < 0) {
                log_warning("The signer's reply to the installation is not understood");
                *ret_not_after_usec = USEC_INFINITY;
        }
        return 0;
}

static struct json_object *failure_parameters(const Failure *failure)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();

        if (!object || json_add_integer(object, "outcome", (int64_t) failure->exit_status) < 0)
                return NULL;
        if (failure->problem && json_add_string(object, "problem", failure->problem) < 0)
                return NULL;
        if (failure->message && json_add_string(object, "detail", failure->message) < 0)
                return NULL;
        if (failure->retry_after_usec > 0 &&
            json_add_integer(object,
                             "retryAfter",
                             (int64_t) ((failure->retry_after_usec + USEC_PER_SEC - 1) /
                                        USEC_PER_SEC)) < 0)
                return NULL;
        return TAKE_PTR(object);
}

void signer_report_failure(Signer *signer, const Failure *failure, usec_t *ret_next_attempt_usec)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *value;
        int r;

        *ret_next_attempt_usec = USEC_INFINITY;
        /* A run that failed in between two halves. */
        if (signer->is_waiting) {
                (void) varlink_client_receive(signer->client, SIGNER_TIMEOUT_USEC, &reply);
                varlink_reply_done(&reply);
        }
        r = varlink_client_call(signer->client,
                                INTERFACE "ReportFailure",
                                failure_parameters(failure),
                                SIGNER_TIMEOUT_USEC,
                                &reply);
        if (r != 0) {
                log_warning("The signer could not be told about the failure: %s",
                            r < 0 ? strerror(-r) : "it refuses");
                return;
        }
        if (json_object_object_get_ex(reply.parameters, "nextAttempt", &value) &&
            json_object_is_type(value, json_type_int) && json_object_get_int64(value) > 0 &&
            json_object_get_int64(value) < DESCRIPTION_MOMENT_MAX)
                *ret_next_attempt_usec = (usec_t) json_object_get_int64(value) * USEC_PER_SEC;
}
