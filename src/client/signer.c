/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls to the signer. It is the room that holds the keys, and decides; here its errors become
 * the reason of a failure. */

#include "client/signer.h"

#include "base/log.h"
#include "client/room-error.h"
#include "version.h"

/* The slowest thing that a signer does is an RSA key of 4096 bits on a slow machine. */
#define SIGNER_TIMEOUT_USEC (60 * USEC_PER_SEC)

void signer_done(Signer *signer)
{
        varlink_client_free(signer->client);
        signer->client = NULL;
}

int signer_fd(const Signer *signer)
{
        return signer->client ? varlink_client_fd(signer->client) : -EBADF;
}

int signer_fail_gone(Signer *signer, int error)
{
        return failure_set(signer->failure,
                           EXIT_TRY_AGAIN,
                           "%s is gone (%s), and nothing can be signed; journalctl -u "
                           "'acme-*signer*' says why, and the next attempt goes on from here",
                           signer->errors->room,
                           strerror(-error));
}

static int send_call(Signer *signer, const char *method, struct json_object *parameters)
{
        _cleanup_free_ char *name = NULL;
        int r;

        if (asprintf(&name, "%s%s", signer->errors->interface, method) < 0) {
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

static const RoomError error_table[] = {
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
                 "TermsOfServiceAgreed=yes in the section [Defaults] of " SYSCONFDIR "/acme.conf"},
                {"BudgetExhausted",
                 NULL,
                 EXIT_TRY_AGAIN,
                 "The signer has signed as often as one renewal can need"},
                {"StoreFailed", "message", EXIT_TRY_AGAIN, "The certificate's store failed"},
                {"AccountUnreachable",
                 "message",
                 EXIT_TRY_AGAIN,
                 "The account's key is out of reach"},
                {"RequestRefused",
                 "message",
                 EXIT_CONFIGURATION,
                 "The machine that has the account's key signs nothing for the certificate's"},
                {"RevocationRefused", "message", EXIT_CONFIGURATION, "The signer signs nothing"},
                {"AccountBusy",
                 NULL,
                 EXIT_TRY_AGAIN,
                 "The account's key is in use or being changed; what is under way has to end "
                 "before"},
                {"AccountDeactivated",
                 NULL,
                 EXIT_REFUSED,
                 "The account has been deactivated; \"acmectl account register\" with its name "
                 "begins a "
                 "new one, see acme-account(8)"},
                {},
};

const RoomErrors signer_errors = {
                .interface = "io.acmeward.Signer.",
                .room = "The signer",
                .table = error_table,
};

static const RoomErrors account_errors = {
                .interface = "io.acmeward.AccountSigner.",
                .room = "The account's signer",
                .table = error_table,
};

static int connect_to(Signer *signer, const RoomErrors *errors, Failure *failure)
{
        int r;

        *signer = (Signer){.failure = failure, .errors = errors};
        r = varlink_client_connect(SIGNER_DOOR, &signer->client);
        if (r >= 0)
                return 0;
        return failure_set(failure,
                           EXIT_BUG,
                           "Failed to reach the signer at " SIGNER_DOOR
                           ": %s. This program is started by its unit, which has the door",
                           strerror(-r));
}

int signer_connect(Signer *signer, Failure *failure)
{
        return connect_to(signer, &signer_errors, failure);
}

int signer_connect_account(Signer *signer, Failure *failure)
{
        return connect_to(signer, &account_errors, failure);
}

/* Return: what the caller returns. */
static int judge_error(Signer *signer, const VarlinkReply *reply, char **ret_reason)
{
        const char *name = room_error_name(signer->errors, reply);

        if (name && streq(name, "NoAccount"))
                return CLIENT_E_NO_ACCOUNT;
        if (name && streq(name, "ChainRefused") && ret_reason) {
                *ret_reason = room_error_text(reply, "message");
                return *ret_reason ? CLIENT_E_CHAIN_REFUSED : -ENOMEM;
        }
        return room_error_fail(signer->errors, reply, signer->failure);
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
        return signer_fail_gone(signer, r);
}

static int call(Signer *signer, const char *method, struct json_object *parameters)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        int r;

        r = send_call(signer, method, parameters);
        return r != 0 ? r : receive(signer, &reply, NULL);
}

int signer_call(Signer *signer,
                const char *method,
                struct json_object *parameters,
                VarlinkReply *ret)
{
        int r;

        r = send_call(signer, method, parameters);
        return r != 0 ? r : receive(signer, ret, NULL);
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

int signer_describe_revocation(Signer *signer, Description **ret)
{
        int r;

        r = send_call(signer, "DescribeRevocation", NULL);
        if (r == 0)
                r = signer_describe_receive(signer, ret);
        if (r == 0 && !(*ret)->revocation.serial)
                return failure_set(signer->failure,
                                   EXIT_BUG,
                                   "The signer does not say what is to be revoked");
        return r;
}

int signer_set_revocation(Signer *signer, bool is_revoked)
{
        struct json_object *parameters = json_object_new_object();

        if (!parameters || json_add_boolean(parameters, "revoked", is_revoked) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return call(signer, "SetRevocation", parameters);
}

int signer_sign_send(Signer *signer, const SignerRequest *request)
{
        struct json_object *parameters = one_string("url", request->url);

        if (!parameters)
                return -ENOMEM;
        if (json_add_string(parameters, "nonce", request->nonce) < 0 ||
            (request->replaces && json_add_boolean(parameters, "replaces", true) < 0) ||
            (request->profile && json_add_string(parameters, "profile", request->profile) < 0)) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return send_call(signer, request->method, parameters);
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

int signer_set_challenge(Signer *signer, const char *identifier, ChallengeType type)
{
        struct json_object *parameters = one_string("identifier", identifier);

        if (!parameters ||
            json_add_string(parameters, "type", challenge_type_to_string(type)) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return call(signer, "SetChallenge", parameters);
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

int signer_weigh_chain(Signer *signer, const char *chain, int *ret, char **ret_reason)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *parameters = one_string("chain", chain), *value;
        int r;

        if (!parameters)
                return -ENOMEM;
        r = send_call(signer, "WeighChain", parameters);
        if (r == 0)
                r = receive(signer, &reply, ret_reason);
        if (r != 0)
                return r;
        if (!json_object_object_get_ex(reply.parameters, "preference", &value) ||
            !json_object_is_type(value, json_type_int))
                return failure_set(signer->failure,
                                   EXIT_BUG,
                                   "The signer's preference for a chain is not understood");
        *ret = json_object_get_int(value);
        return 0;
}

static struct json_object *renewal_info_parameters(const RenewalInfo *info, usec_t retry_after_usec)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        if (info &&
            (json_add_integer(object, "start", (int64_t) (info->start_usec / USEC_PER_SEC)) < 0 ||
             json_add_integer(object, "end", (int64_t) (info->end_usec / USEC_PER_SEC)) < 0 ||
             (info->explanation && json_add_string(object, "explanation", info->explanation) < 0)))
                return NULL;
        if (retry_after_usec > 0 &&
            json_add_integer(object,
                             "retryAfter",
                             (int64_t) (MIN(retry_after_usec, RENEWAL_INFO_AGAIN_MAX_USEC) /
                                        USEC_PER_SEC)) < 0)
                return NULL;
        return TAKE_PTR(object);
}

/* The reply to SetRenewalInfo. */
typedef struct RenewalVerdict {
        const char *due;
        int64_t renew_at;
} RenewalVerdict;

static const JsonField renewal_verdict_fields[] = {
                {"due", JSON_STRING, offsetof(RenewalVerdict, due), 0, NULL, JSON_NULLABLE, 0},
                {"renewAt",
                 JSON_INTEGER,
                 offsetof(RenewalVerdict, renew_at),
                 (size_t) DESCRIPTION_MOMENT_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

int signer_set_renewal_info(Signer *signer,
                            const RenewalInfo *info,
                            usec_t retry_after_usec,
                            bool *ret_is_due,
                            usec_t *ret_renew_at_usec)
{
        struct json_object *parameters = renewal_info_parameters(info, retry_after_usec);
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        RenewalVerdict verdict = {};
        int r;

        if (!parameters)
                return -ENOMEM;
        r = send_call(signer, "SetRenewalInfo", parameters);
        if (r == 0)
                r = receive(signer, &reply, NULL);
        if (r != 0)
                return r;
        if (json_dispatch(reply.parameters,
                          renewal_verdict_fields,
                          &verdict,
                          JSON_ALLOW_UNKNOWN,
                          NULL) < 0)
                return failure_set(signer->failure,
                                   EXIT_BUG,
                                   "The signer's verdict on when to renew is not understood");
        *ret_is_due = verdict.due;
        *ret_renew_at_usec = (usec_t) verdict.renew_at * USEC_PER_SEC;
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

/* Of a run that failed in between two halves. */
static void drain(Signer *signer)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};

        if (signer->is_waiting)
                (void) varlink_client_receive(signer->client, SIGNER_TIMEOUT_USEC, &reply);
        signer->is_waiting = false;
}

int signer_next_authority(Signer *signer, const char *ca, const Failure *failure, bool *ret_is_next)
{
        struct json_object *parameters = failure_parameters(failure), *next = NULL;
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        int r;

        if (!parameters || json_add_string(parameters, "ca", ca) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        drain(signer);
        r = send_call(signer, "NextAuthority", parameters);
        if (r == 0)
                r = receive(signer, &reply, NULL);
        if (r != 0)
                return r;
        *ret_is_next = json_object_object_get_ex(reply.parameters, "next", &next) && next;
        return 0;
}

int signer_next_key_type(Signer *signer, bool *ret_is_next)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *next = NULL;
        int r;

        drain(signer);
        r = send_call(signer, "NextKeyType", NULL);
        if (r == 0)
                r = receive(signer, &reply, NULL);
        if (r != 0)
                return r;
        *ret_is_next = json_object_object_get_ex(reply.parameters, "next", &next) && next;
        return 0;
}

void signer_report_failure(Signer *signer, const Failure *failure, usec_t *ret_next_attempt_usec)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *value;
        int r;

        *ret_next_attempt_usec = USEC_INFINITY;
        drain(signer);
        r = varlink_client_call(signer->client,
                                "io.acmeward.Signer.ReportFailure",
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
