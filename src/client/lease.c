/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls to the challenge rooms, each behind its own door. What one publishes is made by the signer;
 * we only name tokens. When this process ends, however it ends, the connections do, and everything
 * is taken back. */

#include "client/lease.h"

#include <poll.h>
#include <sys/random.h>

#include "acme/token.h"
#include "base/base64url.h"
#include "base/log.h"
#include "client/room-error.h"
#include "json/json.h"

#define INTERFACE "io.acmeward.Challenge."

/* PID 1 starts up to five units for it, one of which may have to wait until its predecessor has
 * ended. */
#define PUBLISH_TIMEOUT_USEC (30 * USEC_PER_SEC)

/* PropagationSec= is shorter, and a renewal's TimeoutStartSec= a little longer. */
#define DNS_TIMEOUT_USEC (9 * USEC_PER_MINUTE)

/* RFC 8555 section 8.1: 128 bits at least, of entropy. */
#define TOKEN_BYTES 16U

/* The longest answer: a key authorization, a digest, or a throw-away certificate. */
#define ANSWER_MAX 4096U

/* One row for each type that has a room (challenge_type_has_room()). */
static const struct {
        const char *door;    /* as acme-renew@.service mounts it */
        const char *place;   /* through what a CA looks */
        const char *units;   /* whose journal says more */
        bool is_looked_at;   /* self-check.h can see from here what a CA would */
        bool is_checked;     /* the room itself can tell whether it will work */
        usec_t timeout_usec; /* until what it was told is public */
} rooms[CHALLENGE_TYPE_MAX] = {
                [CHALLENGE_TYPE_HTTP01] = {"/run/acme/door/challenge",
                                           "port 80",
                                           "acme-challenge@.service and acme-webroot.service",
                                           true,
                                           false,
                                           PUBLISH_TIMEOUT_USEC},
                [CHALLENGE_TYPE_TLS_ALPN01] = {"/run/acme/door/challenge-alpn",
                                               "port 443",
                                               "acme-challenge-alpn@.service and acme-alpn.service",
                                               true,
                                               false,
                                               PUBLISH_TIMEOUT_USEC},
                [CHALLENGE_TYPE_DNS01] = {"/run/acme/door/dns",
                                          "DNS",
                                          "acme-dns@.service",
                                          false,
                                          true,
                                          DNS_TIMEOUT_USEC},
                [CHALLENGE_TYPE_DNS_PERSIST01] = {"/run/acme/door/dns",
                                                  "DNS",
                                                  "acme-dns@.service",
                                                  false,
                                                  false,
                                                  DNS_TIMEOUT_USEC},
};

const char *lease_place(ChallengeType type)
{
        return rooms[type].place;
}

static int fail(const Lease *lease, Failure *failure, int error)
{
        if (error == -ENOMEM)
                return error;
        return failure_set(failure,
                           EXIT_TRY_AGAIN,
                           "Failed to take the lease on %s at %s: %s; see the journal of %s",
                           rooms[lease->type].place,
                           rooms[lease->type].door,
                           strerror(-error),
                           rooms[lease->type].units);
}

static int add_optional(struct json_object *object, const char *name, const char *value)
{
        return value ? json_add_string(object, name, value) : 0;
}

/* Return: a new object, NULL without memory. */
static struct json_object *publication_to_json(const char *type, const Publication *publication)
{
        struct json_object *object = json_object_new_object();

        if (object && json_add_string(object, "type", type) == 0 &&
            json_add_string(object, "identifier", publication->identifier) == 0 &&
            add_optional(object, "token", publication->token) == 0 &&
            add_optional(object, "issuer", publication->issuer) == 0 &&
            add_optional(object, "accountUri", publication->account_uri) == 0)
                return object;
        json_object_put(object);
        return NULL;
}

int lease_publish_send(Lease *lease, Failure *failure, const Publication *list, size_t n)
{
        const char *type = challenge_type_to_string(lease->type);
        struct json_object *parameters = json_object_new_object(),
                           *challenges = json_object_new_array();
        int r;

        r = json_add(parameters, "challenges", challenges);
        for (size_t i = 0; r == 0 && i < n; i++) {
                struct json_object *object = publication_to_json(type, list + i);

                r = object && json_object_array_add(challenges, object) == 0 ? 0 : -ENOMEM;
                if (r < 0)
                        json_object_put(object);
        }
        if (r < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        r = varlink_client_send(lease->client, INTERFACE "Publish", parameters);
        return r < 0 ? fail(lease, failure, r) : 0;
}

static const RoomError error_table[] = {
                {"DirectoryFailed",
                 "message",
                 EXIT_CONFIGURATION,
                 "What is to be published cannot be written"},
                {"PublishFailed", "message", EXIT_TRY_AGAIN, "What the CA is to see is not public"},
                {"SignerRefused",
                 "error",
                 EXIT_TRY_AGAIN,
                 "The signer does not answer for the tokens"},
                {"RecordMissing", "message", EXIT_REFUSED, "A record is missing in DNS"},
                {"AccountMismatch",
                 NULL,
                 EXIT_REFUSED,
                 "The CA wants a record in DNS that names another account than ours, and none is "
                 "shown"},
                {"ChallengeRefused", "member", EXIT_BUG, "The challenge room refuses a challenge"},
                {"TooManyChallenges", NULL, EXIT_BUG, "The challenge room refuses so many"},
                {},
};

static const RoomErrors errors = {
                .interface = INTERFACE,
                .room = "The challenge room",
                .table = error_table,
};

static int publish_receive(Lease *lease, Failure *failure, char ***ret_answers)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *answers = NULL;
        const JsonField fields[] = {
                        {"answers", JSON_STRING_ARRAY, 0, ANSWER_MAX, NULL, JSON_MANDATORY},
                        {},
        };
        int r;

        r = varlink_client_receive(lease->client, rooms[lease->type].timeout_usec, &reply);
        if (r < 0)
                return fail(lease, failure, r);
        if (r == VARLINK_E_ERROR && streq_ptr(room_error_name(&errors, &reply), "IdentifierBusy"))
                return LEASE_E_BUSY;
        if (r == VARLINK_E_ERROR)
                return room_error_fail(&errors, &reply, failure);
        if (!ret_answers)
                return 0;
        if (json_dispatch(reply.parameters, fields, &answers, JSON_ALLOW_UNKNOWN, NULL) < 0)
                return fail(lease, failure, -EBADMSG);
        return json_to_strv(answers, ret_answers);
}

int lease_publish_receive(Lease *lease, Failure *failure)
{
        return publish_receive(lease, failure, NULL);
}

int lease_open_send(Lease *lease, ChallengeType type, const char *identifier, Failure *failure)
{
        uint8_t random[TOKEN_BYTES];
        int r;

        if (lease->client)
                return 0;
        lease->type = type;
        lease->identifier = identifier;
        lease->is_ready = !rooms[type].is_looked_at && !rooms[type].is_checked;
        if (rooms[type].is_looked_at) {
                if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
                        return -errno;
                lease->token = base64url_encode(random, sizeof(random));
                if (!lease->token)
                        return -ENOMEM;
        }
        r = varlink_client_connect(rooms[type].door, &lease->client);
        if (r < 0)
                return fail(lease, failure, r);
        return rooms[type].is_looked_at ? lease_open_again(lease, failure) : 0;
}

int lease_open_again(Lease *lease, Failure *failure)
{
        return lease_publish_send(lease,
                                  failure,
                                  &(Publication){lease->identifier, lease->token},
                                  1);
}

int lease_open_receive(Lease *lease, Failure *failure, char **ret_answer)
{
        _cleanup_strv_free_ char **answers = NULL;
        int r;

        *ret_answer = NULL;
        if (lease->is_ready)
                return 0;
        r = publish_receive(lease, failure, &answers);
        if (r != 0)
                return r;
        if (strv_length(answers) != 1)
                return fail(lease, failure, -EBADMSG);
        *ret_answer = TAKE_PTR(answers[0]);
        lease->is_ready = true;
        return 0;
}

bool lease_is_checked(ChallengeType type)
{
        return rooms[type].is_checked;
}

int lease_check_send(Lease *lease, Failure *failure, char *const *identifiers)
{
        struct json_object *parameters = json_object_new_object();
        int r;

        if (!parameters)
                return -ENOMEM;
        r = json_add_strv(parameters, "identifiers", identifiers);
        if (r < 0) {
                json_object_put(parameters);
                return r;
        }
        r = varlink_client_send(lease->client, INTERFACE "Check", parameters);
        return r < 0 ? fail(lease, failure, r) : 0;
}

int lease_check_receive(Lease *lease, Failure *failure)
{
        int r = publish_receive(lease, failure, NULL);

        lease->is_ready = r == 0;
        return r;
}

bool lease_is_lost(const Lease *lease)
{
        struct pollfd p = {.events = POLLIN};

        if (!lease->client)
                return false;
        p.fd = varlink_client_fd(lease->client);
        return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

int lease_fail_lost(const Lease *lease, Failure *failure)
{
        return failure_set(failure,
                           EXIT_TRY_AGAIN,
                           "The challenge room is gone while the CA was to look at %s; see the "
                           "journal of %s",
                           rooms[lease->type].place,
                           rooms[lease->type].units);
}

void lease_done(Lease *lease)
{
        varlink_client_free(lease->client);
        free(lease->token);
        *lease = (Lease){};
}
