/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client names a token; the signer makes the key authorization; this room writes it where web
 * servers look. The client could name a token of somebody else's order, but not have it answered
 * with somebody else's key (RFC 8555 section 8.1). */

#include "challenge/challenge.h"

#include <fcntl.h>

#include "base/audit.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/log.h"
#include "challenge/holder.h"
#include "challenge/lease.h"
#include "challenge/maker.h"
#include "varlink/idl-challenge.h"
#include "varlink/varlink-server.h"

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
        return refuse(refusal, CHALLENGE_INTERFACE ".DirectoryFailed", "message", text);
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
                return refuse(refusal,
                              CHALLENGE_INTERFACE ".IdentifierBusy",
                              "identifier",
                              made->name);
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
        struct json_object *string;
        int r;

        r = maker_make(&challenge->maker, wanted, &made, refusal);
        if (r == 0 && !refusal->error)
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

static int handle_publish(VarlinkCall *call, const void *parameters, void *userdata)
{
        const PublishParameters *publish = parameters;
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
        r = wanted_read(&(WantedRules){.type = challenge->maker.type},
                        publish->challenges,
                        strv_length(lease->tokens),
                        &wanted,
                        &refusal);
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
                return refusal_reply(&refusal, call);
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
        challenge->maker = (Maker){.type = type, .signer = {.path = signer_path}};
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
        static const VarlinkMethod methods[] = {
                        {"Publish", publish_fields, sizeof(PublishParameters), handle_publish},
                        {},
        };
        static const VarlinkInterface interface = {
                        .name = CHALLENGE_INTERFACE,
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
