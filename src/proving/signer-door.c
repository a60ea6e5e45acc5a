/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client could name a token of somebody else's order, but not have it answered with somebody
 * else's key (RFC 8555 section 8.1): what is published is the signer's. */

#include "proving/signer-door.h"

#include "base/time-util.h"

#define SIGNER_INTERFACE "io.acmeward.Signer"

/* One digest, or one key and one signature, made once; the signer may be busy with a request. */
#define SIGNER_TIMEOUT_USEC (10 * USEC_PER_SEC)

#define METHOD_MAX 64U

static int refuse_because(Refusal *refusal, const char *reason)
{
        return refuse(refusal, CHALLENGE_INTERFACE ".SignerRefused", "error", reason);
}

int signer_door_call(SignerDoor *door,
                     const char *method,
                     struct json_object *parameters,
                     VarlinkReply *ret,
                     Refusal *refusal)
{
        _cleanup_json_ struct json_object *taken = parameters;
        char name[METHOD_MAX];
        int r;

        if (!taken)
                return -ENOMEM;
        if (!door->client && varlink_client_connect(door->path, &door->client) < 0)
                return refuse_because(refusal, "the signer's door is closed");
        (void) snprintf(name, sizeof(name), SIGNER_INTERFACE ".%s", method);
        r = varlink_client_call(door->client, name, TAKE_PTR(taken), SIGNER_TIMEOUT_USEC, ret);
        if (r < 0) {
                varlink_client_free(TAKE_PTR(door->client));
                return refuse_because(refusal, strerror(-r));
        }
        return r == VARLINK_E_ERROR ? refuse_because(refusal, ret->error) : 0;
}

int signer_door_ask(SignerDoor *door,
                    const char *method,
                    const char *token,
                    const char *identifier,
                    VarlinkReply *ret,
                    Refusal *refusal)
{
        _cleanup_json_ struct json_object *parameters = json_object_new_object();

        if (!parameters || json_add_string(parameters, "token", token) < 0 ||
            (identifier && json_add_string(parameters, "identifier", identifier) < 0))
                return -ENOMEM;
        return signer_door_call(door, method, TAKE_PTR(parameters), ret, refusal);
}

void signer_door_done(SignerDoor *door)
{
        varlink_client_free(door->client);
        *door = (SignerDoor){};
}
