/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client names a token; the signer makes the key authorization; this room writes it where web
 * servers look. The client could name a token of somebody else's order, but not have it answered
 * with somebody else's key (RFC 8555 section 8.1). */

#include "challenge/challenge.h"
#include "acme/token.h"
#include "base/audit.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/time-util.h"
#include "challenge/lease.h"

#include "varlink/idl-challenge.h"
#include "varlink/varlink-client.h"
#include "varlink/varlink-server.h"

#define INTERFACE "io.acmeward.Challenge"
#define SIGNER_INTERFACE "io.acmeward.Signer"

/* One key authorization is one digest, made once; the signer may be busy with a request. */
#define SIGNER_TIMEOUT_USEC (10 * USEC_PER_SEC)

/* token "." thumbprint */
#define KEY_AUTHORIZATION_MAX 256U

struct Challenge {
        sd_event *event;
        const char *signer_path;
        Tokens *tokens;
        VarlinkServer *server;
        VarlinkClient *signer;
        sd_event_source *idle_source;
        bool has_leased;
};

/* Whom it concerns gets an answer in any case. */
typedef struct Refusal {
        const char *error;
        const char *member;
        char *text;
} Refusal;

static void refusal_done(Refusal *refusal)
{
        free(refusal->text);
}

static int refuse(Refusal *refusal, const char *error, const char *member, const char *text)
{
        refusal->error = error;
        refusal->member = member;
        return free_and_strdup(&refusal->text, text);
}

static int refuse_io(Refusal *refusal, const char *verb, const char *path, int error)
{
        char text[512];

        snprintf(text,
                 sizeof(text),
                 "Failed to %s a token in %s: %s; it must be a directory that the user "
                 "acme-challenge may write to, and outside of /run/acme a drop-in of "
                 "acme-challenge@.service has to name it with BindPaths=; see acme-challenge(8)",
                 verb,
                 path,
                 strerror(-error));
        log_error("%s", text);
        return refuse(refusal, INTERFACE ".DirectoryFailed", "message", text);
}

/* Return: 0 with *ret, or with the refusal set; -errno. */
static int ask_signer(Challenge *challenge, const char *token, char **ret, Refusal *refusal)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        _cleanup_json_ struct json_object *parameters = json_object_new_object();
        const char *key_authorization = NULL;
        static const JsonField fields[] = {
                        {"keyAuthorization",
                         JSON_STRING,
                         0,
                         KEY_AUTHORIZATION_MAX,
                         .flags = JSON_MANDATORY},
                        {},
        };
        int r;

        if (!parameters || json_add_string(parameters, "token", token) < 0)
                return -ENOMEM;
        if (!challenge->signer) {
                r = varlink_client_connect(challenge->signer_path, &challenge->signer);
                if (r < 0)
                        return refuse(refusal,
                                      INTERFACE ".SignerRefused",
                                      "error",
                                      "the signer's door is closed");
        }
        r = varlink_client_call(challenge->signer,
                                SIGNER_INTERFACE ".KeyAuthorization",
                                TAKE_PTR(parameters),
                                SIGNER_TIMEOUT_USEC,
                                &reply);
        if (r < 0) {
                varlink_client_free(TAKE_PTR(challenge->signer));
                return refuse(refusal, INTERFACE ".SignerRefused", "error", strerror(-r));
        }
        if (r == VARLINK_E_ERROR)
                return refuse(refusal, INTERFACE ".SignerRefused", "error", reply.error);
        r = json_dispatch(reply.parameters, fields, &key_authorization, 0, NULL);
        if (r < 0)
                return r;
        return free_and_strdup(ret, key_authorization);
}

/* Return: 0, also when the refusal is set; -errno. */
static int publish_one(Challenge *challenge,
                       Lease *lease,
                       const char *token,
                       struct json_object *ret_list,
                       Refusal *refusal)
{
        _cleanup_free_ char *key_authorization = NULL;
        struct json_object *string;
        const char *path = NULL;
        int r;

        r = ask_signer(challenge, token, &key_authorization, refusal);
        if (r < 0 || refusal->error)
                return r;
        if (!strv_contains(lease->tokens, token)) {
                r = strv_append(&lease->tokens, token);
                if (r < 0)
                        return r;
                r = tokens_publish(challenge->tokens, token, key_authorization, &path);
                if (r < 0)
                        return refuse_io(refusal, "write", path, r);
        }
        string = json_object_new_string(key_authorization);
        if (!string || json_object_array_add(ret_list, string) < 0) {
                json_object_put(string);
                return -ENOMEM;
        }
        return 0;
}

/* Everything is looked at before anything is done. */
static int check_tokens(const Lease *lease, char *const *tokens, Refusal *refusal)
{
        if (strv_length(lease->tokens) + strv_length(tokens) > LEASE_TOKENS_MAX)
                return refuse(refusal, INTERFACE ".TooManyTokens", NULL, NULL);
        for (size_t i = 0; i < strv_length(tokens); i++) {
                _cleanup_free_ char *shown = NULL;

                if (acme_token_is_valid(tokens[i]))
                        continue;
                shown = escape_foreign(tokens[i], strlen(tokens[i]), FOREIGN_TEXT_MAX);
                return shown ? refuse(refusal, INTERFACE ".TokenRefused", "token", shown) : -ENOMEM;
        }
        return 0;
}

static int reply_refusal(VarlinkCall *call, const Refusal *refusal)
{
        struct json_object *parameters = NULL;

        audit(AUDIT_REFUSED,
              "Refused to publish a token",
              {AUDIT_OPERATION, varlink_call_method(call)},
              {AUDIT_REASON, strrchr(refusal->error, '.') + 1});
        if (refusal->member) {
                parameters = json_object_new_object();
                if (!parameters ||
                    json_add_string(parameters, refusal->member, refusal->text) < 0) {
                        json_object_put(parameters);
                        return -ENOMEM;
                }
        }
        return varlink_error(call, refusal->error, parameters);
}

typedef struct Publish {
        struct json_object *tokens;
} Publish;

static int handle_publish(VarlinkCall *call, const void *parameters, void *userdata)
{
        const Publish *publish = parameters;
        Challenge *challenge = userdata;
        _cleanup_(refusal_done) Refusal refusal = {};
        _cleanup_strv_free_ char **tokens = NULL;
        _cleanup_json_ struct json_object *reply = NULL, *list = NULL;
        Lease *lease;
        int r;

        lease = lease_of(varlink_call_connection(call));
        if (!lease)
                return -ENOMEM;
        challenge->has_leased = true;
        r = json_to_strv(publish->tokens, &tokens);
        if (r < 0)
                return r;
        r = check_tokens(lease, tokens, &refusal);
        reply = json_object_new_object();
        list = json_object_new_array();
        if (!reply || !list)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && !refusal.error && i < strv_length(tokens); i++)
                r = publish_one(challenge, lease, tokens[i], list, &refusal);
        if (r < 0)
                return r;
        if (refusal.error)
                return reply_refusal(call, &refusal);
        lease_audit_opened(lease);
        r = json_add(reply, "keyAuthorizations", TAKE_PTR(list));
        return r < 0 ? r : varlink_reply(call, TAKE_PTR(reply));
}

static void on_disconnected(VarlinkConnection *connection, void *userdata)
{
        Challenge *challenge = userdata;

        lease_end(connection, challenge->tokens);
        if (challenge->has_leased && varlink_server_connections(challenge->server) == 0)
                (void) sd_event_exit(challenge->event, 0);
}

static int on_idle(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Challenge *challenge = userdata;

        if (!challenge->has_leased)
                return sd_event_exit(challenge->event, 0);
        return 0;
}

int challenge_new(sd_event *event, const char *signer_path, Tokens *tokens, Challenge **ret)
{
        _cleanup_(challenge_freep) Challenge *challenge = calloc(1, sizeof(*challenge));
        int r;

        if (!challenge)
                return -ENOMEM;
        challenge->event = sd_event_ref(event);
        challenge->signer_path = signer_path;
        challenge->tokens = tokens;
        r = sd_event_add_time_relative(event,
                                       &challenge->idle_source,
                                       CLOCK_MONOTONIC,
                                       FIRST_LEASE_TIMEOUT_USEC,
                                       0,
                                       on_idle,
                                       challenge);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(challenge);
        return 0;
}

int challenge_serve(Challenge *challenge, int listen_fd)
{
        static const JsonField publish_fields[] = {
                        {"tokens",
                         JSON_STRING_ARRAY,
                         offsetof(Publish, tokens),
                         ACME_TOKEN_MAX,
                         .flags = JSON_MANDATORY,
                         .max_elements = LEASE_TOKENS_MAX},
                        {},
        };
        static const VarlinkMethod methods[] = {
                        {"Publish", publish_fields, sizeof(Publish), handle_publish},
                        {},
        };
        static const VarlinkInterface interface = {
                        .name = INTERFACE,
                        .description = idl_challenge,
                        .methods = methods,
        };
        static const VarlinkServerCallbacks callbacks = {
                        .disconnected = on_disconnected,
        };

        return varlink_server_new(challenge->event,
                                  listen_fd,
                                  &interface,
                                  &callbacks,
                                  challenge,
                                  &challenge->server);
}

void challenge_free(Challenge *challenge)
{
        if (!challenge)
                return;
        varlink_server_free(challenge->server);
        varlink_client_free(challenge->signer);
        sd_event_source_disable_unref(challenge->idle_source);
        sd_event_unref(challenge->event);
        free(challenge);
}
