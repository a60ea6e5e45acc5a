/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client names a token; the signer makes the key authorization; this room writes it where web
 * servers look. The client could name a token of somebody else's order, but not have it answered
 * with somebody else's key (RFC 8555 section 8.1). */

#include "challenge/challenge.h"

#include <fcntl.h>

#include "acme/challenge-type.h"
#include "acme/identifier.h"
#include "acme/token.h"
#include "base/audit.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/log.h"
#include "challenge/holder.h"
#include "challenge/lease.h"
#include "challenge/maker.h"

#include "varlink/idl-challenge.h"
#include "varlink/varlink-server.h"

#define INTERFACE "io.acmeward.Challenge"

/* One sentence, with a path in it. */
#define REASON_BYTES_MAX 2048U

struct Challenge {
        sd_event *event;
        Maker maker;
        Tokens *tokens;
        Stateless *stateless; /* NULL: not wanted */
        VarlinkServer *server;
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
        _cleanup_free_ char *reason = NULL, *text = NULL;
        size_t length;

        /* The other room knows better. */
        if (!streq(path, TOKEN_DIRECTORY) &&
            file_read(AT_FDCWD, OTHER_REASON, REASON_BYTES_MAX, O_NOFOLLOW, &reason, &length) == 0)
                text = escape_foreign(reason, length, FOREIGN_TEXT_MAX);
        else if (asprintf(&text,
                          "Failed to %s a token in %s: %s; see journalctl -u "
                          "acme-directory.service, which makes what [WebRoot] Directory= names",
                          verb,
                          path,
                          strerror(-error)) < 0)
                text = NULL;
        if (!text)
                return -ENOMEM;
        log_error("%s", text);
        return refuse(refusal, INTERFACE ".DirectoryFailed", "message", text);
}

/* From the first key authorization on, the thumbprint is known (RFC 8555 section 8.1). */
static int
publish_thumbprint(Challenge *challenge, const char *key_authorization, const char **ret_path)
{
        Stateless *stateless = challenge->stateless;
        const char *thumbprint;
        int r;

        if (!stateless || stateless->is_public)
                return 0;
        thumbprint = stateless->thumbprint ?: strrchr(key_authorization, '.');
        if (!thumbprint)
                return -EBADMSG;
        thumbprint += *thumbprint == '.';
        *ret_path = challenge->tokens->paths[0];
        r = stateless_publish(challenge->tokens->fds[0], stateless->holder, thumbprint);
        stateless->is_public = r == 0;
        return r;
}

/* Return: 0, also when the refusal is set; -errno. */
static int publish_made(Challenge *challenge, Lease *lease, const Made *made, Refusal *refusal)
{
        bool is_again = strv_contains(lease->tokens, made->name);
        const char *path = NULL;
        int r;

        /* A key authorization is the same each time, a certificate is not. */
        if (is_again && challenge->maker.type == CHALLENGE_TYPE_HTTP01)
                return 0;
        if (!is_again) {
                r = strv_append(&lease->tokens, made->name);
                if (r < 0)
                        return r;
        }
        r = tokens_publish(challenge->tokens, made->name, made->text, &path);
        /* It may have been killed just now. */
        if (r == -EBUSY && holder_remove_dead(challenge->tokens) > 0)
                r = tokens_publish(challenge->tokens, made->name, made->text, &path);
        if (r == -EBUSY)
                return refuse(refusal, INTERFACE ".IdentifierBusy", "identifier", made->name);
        if (r == 0)
                r = publish_thumbprint(challenge, made->answer, &path);
        return r < 0 ? refuse_io(refusal, "write", path, r) : 0;
}

/* Return: 0, also when the refusal is set; -errno. */
static int publish_one(Challenge *challenge,
                       Lease *lease,
                       const Wanted *wanted,
                       struct json_object *ret_list,
                       Refusal *refusal)
{
        _cleanup_(made_done) Made made = {};
        _cleanup_free_ char *reason = NULL;
        struct json_object *string;
        int r;

        r = maker_make(&challenge->maker, wanted, &made, &reason);
        if (r == MAKER_E_REFUSED)
                return refuse(refusal, INTERFACE ".SignerRefused", "error", reason);
        if (r == 0)
                r = publish_made(challenge, lease, &made, refusal);
        if (r < 0 || refusal->error)
                return r;
        string = json_object_new_string(made.answer);
        if (!string || json_object_array_add(ret_list, string) < 0) {
                json_object_put(string);
                return -ENOMEM;
        }
        return 0;
}

static bool is_identifier(const char *value)
{
        return acme_dns_name_is_valid(value) || acme_is_address(value);
}

/* Return: 0, also when the refusal is set; -ENOMEM. */
static int read_one(ChallengeType type, struct json_object *object, Wanted *ret, Refusal *refusal)
{
        static const JsonField fields[] = {
                        {"type",
                         JSON_STRING,
                         offsetof(Wanted, type),
                         CHALLENGE_TYPE_NAME_MAX,
                         NULL,
                         JSON_MANDATORY},
                        {"identifier",
                         JSON_STRING,
                         offsetof(Wanted, identifier),
                         ACME_IDENTIFIER_MAX,
                         is_identifier,
                         JSON_MANDATORY},
                        {"token",
                         JSON_STRING,
                         offsetof(Wanted, token),
                         ACME_TOKEN_MAX,
                         acme_token_is_valid,
                         JSON_MANDATORY},
                        {},
        };
        _cleanup_free_ char *shown = NULL;
        const char *member = "challenges";
        int r = -EBADMSG;

        if (json_object_is_type(object, json_type_object))
                r = json_dispatch(object, fields, ret, 0, &member);
        if (r == 0 && challenge_type_from_string(ret->type) != type) {
                member = "type";
                r = -EBADMSG;
        }
        if (r != -EBADMSG)
                return r;
        shown = escape_foreign(member, strlen(member), FOREIGN_TEXT_MAX);
        return shown ? refuse(refusal, INTERFACE ".ChallengeRefused", "member", shown) : -ENOMEM;
}

/* Everything is looked at before anything is done. ret: as many as the list has, owned. */
static int read_all(const Challenge *challenge,
                    const Lease *lease,
                    struct json_object *list,
                    Wanted **ret,
                    Refusal *refusal)
{
        size_t n = json_object_array_length(list);
        int r = 0;

        if (strv_length(lease->tokens) + n > LEASE_TOKENS_MAX)
                return refuse(refusal, INTERFACE ".TooManyChallenges", NULL, NULL);
        *ret = calloc(n + 1, sizeof(Wanted));
        if (!*ret)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && !refusal->error && i < n; i++)
                r = read_one(challenge->maker.type,
                             json_object_array_get_idx(list, i),
                             *ret + i,
                             refusal);
        return r;
}

static int reply_refusal(VarlinkCall *call, const Refusal *refusal)
{
        struct json_object *parameters = NULL;

        audit(AUDIT_REFUSED,
              "Refused to publish what a challenge asks for",
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
        struct json_object *challenges;
} Publish;

static int handle_publish(VarlinkCall *call, const void *parameters, void *userdata)
{
        const Publish *publish = parameters;
        Challenge *challenge = userdata;
        _cleanup_(refusal_done) Refusal refusal = {};
        _cleanup_free_ Wanted *wanted = NULL;
        _cleanup_json_ struct json_object *reply = NULL, *list = NULL;
        Lease *lease;
        int r;

        lease = lease_of(varlink_call_connection(call));
        if (!lease)
                return -ENOMEM;
        challenge->has_leased = true;
        r = read_all(challenge, lease, publish->challenges, &wanted, &refusal);
        reply = json_object_new_object();
        list = json_object_new_array();
        if (!reply || !list)
                return -ENOMEM;
        for (size_t i = 0;
             r >= 0 && !refusal.error && i < json_object_array_length(publish->challenges);
             i++)
                r = publish_one(challenge, lease, wanted + i, list, &refusal);
        if (r < 0)
                return r;
        if (refusal.error)
                return reply_refusal(call, &refusal);
        lease_audit_opened(lease);
        r = json_add(reply, "answers", TAKE_PTR(list));
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

int challenge_new(sd_event *event,
                  ChallengeType type,
                  const char *signer_path,
                  Tokens *tokens,
                  Stateless *stateless,
                  Challenge **ret)
{
        _cleanup_(challenge_freep) Challenge *challenge = calloc(1, sizeof(*challenge));
        int r;

        if (!challenge)
                return -ENOMEM;
        challenge->event = sd_event_ref(event);
        challenge->maker = (Maker){.type = type, .signer_path = signer_path};
        challenge->tokens = tokens;
        challenge->stateless = stateless;
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
                        {"challenges",
                         JSON_ARRAY,
                         offsetof(Publish, challenges),
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
        maker_done(&challenge->maker);
        sd_event_source_disable_unref(challenge->idle_source);
        sd_event_unref(challenge->event);
        free(challenge);
}
