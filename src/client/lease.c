/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls to the challenge room. What it publishes is made by the signer; we only name tokens. When
 * this process ends, however it ends, the connection does, and everything is taken back. */

#include "client/lease.h"

#include <poll.h>
#include <sys/random.h>

#include "acme/token.h"
#include "base/base64url.h"
#include "base/escape.h"
#include "base/log.h"
#include "json/json.h"

#define INTERFACE "io.acmeward.Challenge."

/* PID 1 starts up to five units for it, one of which may have to wait until its predecessor has
 * ended. */
#define PUBLISH_TIMEOUT_USEC (30 * USEC_PER_SEC)

/* RFC 8555 section 8.1: 128 bits at least, of entropy. */
#define TOKEN_BYTES 16U

static int fail(Failure *failure, int error)
{
        if (error == -ENOMEM)
                return error;
        return failure_set(failure,
                           EXIT_TRY_AGAIN,
                           "Failed to take the lease on port 80 at " CHALLENGE_DOOR
                           ": %s; see the journal of acme-challenge@.service and "
                           "acme-listener.service",
                           strerror(-error));
}

static int publish_send(Lease *lease, Failure *failure, char *const *tokens)
{
        struct json_object *parameters = json_object_new_object();
        int r;

        if (!parameters)
                return -ENOMEM;
        r = json_add_strv(parameters, "tokens", tokens);
        if (r < 0) {
                json_object_put(parameters);
                return r;
        }
        r = varlink_client_send(lease->client, INTERFACE "Publish", parameters);
        return r < 0 ? fail(failure, r) : 0;
}

/* The room's errors carry one string at most. */
static int judge_error(Failure *failure, const VarlinkReply *reply)
{
        static const struct {
                const char *name, *parameter;
                ExitStatus exit_status;
                const char *text;
        } errors[] = {
                        {"DirectoryFailed",
                         "message",
                         EXIT_CONFIGURATION,
                         "The tokens cannot be written for the web server"},
                        {"SignerRefused",
                         "error",
                         EXIT_TRY_AGAIN,
                         "The signer does not answer for the tokens"},
                        {"TokenRefused", "token", EXIT_BUG, "The challenge room refuses a token"},
                        {"TooManyTokens",
                         "",
                         EXIT_BUG,
                         "The challenge room refuses so many tokens"},
        };
        const char *name = startswith(reply->error, INTERFACE), *text = "";
        _cleanup_free_ char *shown = NULL;

        FOREACH_ARRAY (e, errors, ELEMENTSOF(errors)) {
                struct json_object *value;

                if (!name || !streq(name, e->name))
                        continue;
                if (json_object_object_get_ex(reply->parameters, e->parameter, &value) &&
                    json_object_is_type(value, json_type_string))
                        text = json_object_get_string(value);
                shown = escape_foreign(text, strlen(text), FOREIGN_TEXT_MAX);
                return shown ? failure_set(failure, e->exit_status, "%s: %s", e->text, shown)
                             : -ENOMEM;
        }
        shown = escape_foreign(reply->error, strlen(reply->error), FOREIGN_TEXT_MAX);
        return shown ? failure_set(failure,
                                   EXIT_BUG,
                                   "The challenge room answered with the error %s",
                                   shown)
                     : -ENOMEM;
}

static int publish_receive(Lease *lease, Failure *failure, char ***ret_answers)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *answers = NULL;
        const JsonField fields[] = {
                        {"keyAuthorizations", JSON_STRING_ARRAY, 0, 1024, NULL, JSON_MANDATORY},
                        {},
        };
        int r;

        r = varlink_client_receive(lease->client, PUBLISH_TIMEOUT_USEC, &reply);
        if (r < 0)
                return fail(failure, r);
        if (r == VARLINK_E_ERROR)
                return judge_error(failure, &reply);
        if (!ret_answers)
                return 0;
        if (json_dispatch(reply.parameters, fields, &answers, JSON_ALLOW_UNKNOWN, NULL) < 0)
                return fail(failure, -EBADMSG);
        return json_to_strv(answers, ret_answers);
}

int lease_open_send(Lease *lease, Failure *failure)
{
        uint8_t random[TOKEN_BYTES];
        int r;

        if (lease->client)
                return 0;
        if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return -errno;
        lease->token = base64url_encode(random, sizeof(random));
        if (!lease->token)
                return -ENOMEM;
        r = varlink_client_connect(CHALLENGE_DOOR, &lease->client);
        if (r < 0)
                return fail(failure, r);
        return publish_send(lease, failure, (char *[]){lease->token, NULL});
}

int lease_open_receive(Lease *lease, Failure *failure, char **ret_key_authorization)
{
        _cleanup_strv_free_ char **answers = NULL;
        int r;

        r = publish_receive(lease, failure, &answers);
        if (r != 0)
                return r;
        if (strv_length(answers) != 1)
                return fail(failure, -EBADMSG);
        *ret_key_authorization = TAKE_PTR(answers[0]);
        return 0;
}

int lease_publish(Lease *lease, Failure *failure, char *const *tokens)
{
        int r;

        r = publish_send(lease, failure, tokens);
        return r != 0 ? r : publish_receive(lease, failure, NULL);
}

bool lease_is_lost(const Lease *lease)
{
        struct pollfd p = {.events = POLLIN};

        if (!lease->client)
                return false;
        p.fd = varlink_client_fd(lease->client);
        return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

void lease_done(Lease *lease)
{
        varlink_client_free(lease->client);
        free(lease->token);
        *lease = (Lease){};
}
