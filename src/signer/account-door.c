/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One connection for as long as the signer lives, made when it is needed. A call waits: who asks us
 * could go on with nothing before. */

#include "signer/account-door.h"

#include "acme/url.h"
#include "base/base64url.h"
#include "base/log.h"
#include "signer/policy.h"
#include "varlink/varlink-client.h"

/* Less than our own callers wait; a connection by ssh may take ten seconds of it. */
#define ACCOUNT_DOOR_TIMEOUT_USEC (45 * USEC_PER_SEC)

/* SHA-256 in base64url (RFC 7638). */
#define THUMBPRINT_LETTERS 43U

struct AccountDoor {
        const char *path;
        VarlinkClient *client;     /* NULL until the first call, and after a failure */
        struct json_object *about; /* NULL: not asked yet, or not true any more */
};

void account_door_free(AccountDoor *door)
{
        if (!door)
                return;
        varlink_client_free(door->client);
        json_object_put(door->about);
        free(door);
}

static const char *find_conflict(const Config *config)
{
        if (config->n_cas > 1)
                return "CA= has several";
        FOREACH_ARRAY (type, config->challenges, config->n_challenges)
                if (*type == CHALLENGE_TYPE_DNS_PERSIST01)
                        return "Challenge= has dns-persist-01";
        return NULL;
}

int signer_use_account_door(Signer *signer, const char *path)
{
        const char *conflict;

        signer->account_door = calloc(1, sizeof(AccountDoor));
        if (!signer->account_door)
                return -ENOMEM;
        signer->account_door->path = path;
        if (!signer->config || signer->config_message)
                return 0;
        conflict = find_conflict(signer->config);
        if (!conflict)
                return 0;
        if (asprintf(&signer->config_message,
                     "%s, which does not go together with an account whose key is on another "
                     "machine",
                     conflict) < 0) {
                signer->config_message = NULL;
                return -ENOMEM;
        }
        return 0;
}

static int unreachable(Signer *signer, VarlinkCall *call, const char *why)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (asprintf(&message,
                     "Failed to ask the signer of the account of %s on another machine: %s; see "
                     "the journal of acme-signer-remote@%s.service",
                     signer->name,
                     why,
                     signer->name) < 0) {
                message = NULL;
                return -ENOMEM;
        }
        log_error("%s", message);
        r = varlink_error_string(call, SIGNER_INTERFACE ".AccountUnreachable", "message", message);
        return r < 0 ? r : POLICY_E_REFUSED;
}

/* Its errors are ours, since the interface is. */
static int pass_error(Signer *signer, VarlinkCall *call, const VarlinkReply *reply)
{
        const char *error = startswith(reply->error, SIGNER_INTERFACE ".");

        if (!error || strchr(error, '.'))
                return unreachable(signer, call, reply->error);
        return policy_refuse(signer,
                             call,
                             error,
                             json_object_get(reply->parameters),
                             "The signer of the account on another machine has refused",
                             NULL);
}

/* parameters is taken; NULL: no memory. */
static int ask(Signer *signer,
               VarlinkCall *call,
               const char *method,
               struct json_object *parameters,
               VarlinkReply *ret)
{
        AccountDoor *door = signer->account_door;
        _cleanup_free_ char *name = NULL;
        int r = 0;

        if (!parameters || asprintf(&name, SIGNER_INTERFACE ".%s", method) < 0) {
                name = NULL;
                json_object_put(parameters);
                return -ENOMEM;
        }
        if (!door->client)
                r = varlink_client_connect(door->path, &door->client);
        if (r < 0) {
                json_object_put(parameters);
                return unreachable(signer, call, strerror(-r));
        }
        r = varlink_client_call(door->client, name, parameters, ACCOUNT_DOOR_TIMEOUT_USEC, ret);
        if (r == VARLINK_E_ERROR)
                return pass_error(signer, call, ret);
        if (r >= 0 || r == -ENOMEM)
                return r;
        varlink_client_free(door->client);
        door->client = NULL;
        return unreachable(signer, call, strerror(-r));
}

static struct json_object *
member_of(struct json_object *object, const char *name, enum json_type type)
{
        struct json_object *value;

        return json_object_object_get_ex(object, name, &value) && json_object_is_type(value, type)
                               ? value
                               : NULL;
}

/* An order is by the configuration there, and what comes of it is for here. */
static int check_same(Signer *signer, VarlinkCall *call, struct json_object *about)
{
        _cleanup_json_ struct json_object *ours = json_object_new_object();
        struct json_object *directory = member_of(about, "directory", json_type_string);

        if (!ours || add_identifiers(ours, signer->config->identifiers) < 0)
                return -ENOMEM;
        if (!directory || !streq(json_object_get_string(directory), signer->config->directory))
                return policy_refuse_configuration(
                                signer,
                                call,
                                "CA= here is another one than on the machine that has the "
                                "account's key, or only one of them does a dry run");
        if (!json_object_equal(member_of(about, "identifiers", json_type_array),
                               member_of(ours, "identifiers", json_type_array)))
                return policy_refuse_configuration(
                                signer,
                                call,
                                "Identifiers= here are others than on the machine that has the "
                                "account's key");
        return 0;
}

int account_door_describe(Signer *signer, VarlinkCall *call)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        AccountDoor *door = signer->account_door;
        int r;

        r = ask(signer, call, "DescribeAccount", json_object_new_object(), &reply);
        if (r == 0)
                r = check_same(signer, call, reply.parameters);
        if (r != 0)
                return r;
        json_object_put(door->about);
        door->about = json_object_get(reply.parameters);
        return 0;
}

/* Some members of what it has said, those of the right type. */
int account_door_add(struct json_object *object, const Signer *signer)
{
        static const struct {
                const char *name;
                enum json_type type;
        } members[] = {
                        {"account", json_type_string},
                        {"externalAccount", json_type_boolean},
                        {"keyUnclear", json_type_boolean},
                        {"thumbprint", json_type_string},
        };
        struct json_object *value;

        FOREACH_ARRAY (m, members, ELEMENTSOF(members)) {
                value = member_of(signer->account_door->about, m->name, m->type);
                if (value && json_add(object, m->name, json_object_get(value)) < 0)
                        return -ENOMEM;
        }
        return signer->account_door->about ? 0 : json_add_boolean(object, "keyUnclear", false);
}

bool account_door_agrees(const Signer *signer)
{
        return json_object_get_boolean(member_of(signer->account_door->about,
                                                 "termsOfServiceAgreed",
                                                 json_type_boolean));
}

/* Return: NULL without memory. */
static struct json_object *request_parameters(const RequestParameters *p, const char *csr)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();

        if (!object || json_add_string(object, "url", p->url) < 0 ||
            json_add_string(object, "nonce", p->nonce) < 0 ||
            (csr && json_add_string(object, "csr", csr) < 0) ||
            (p->profile && json_add_string(object, "profile", p->profile) < 0))
                return NULL;
        return TAKE_PTR(object);
}

int account_door_request(Signer *signer, VarlinkCall *call, const RequestParameters *p)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        _cleanup_json_ struct json_object *answer = NULL;
        const char *method = varlink_call_method(call);
        _cleanup_free_ char *csr = NULL;
        struct json_object *jws;
        int r = 0;

        if (streq(method, "Finalize")) {
                r = finalize_make_csr(signer, call, &csr);
                method = "FinalizeRequest";
        }
        if (r == 0)
                r = ask(signer, call, method, request_parameters(p, csr), &reply);
        if (r != 0)
                return r;
        jws = member_of(reply.parameters, "jws", json_type_object);
        if (!jws)
                return unreachable(signer, call, "its signature is not understood");
        answer = json_object_new_object();
        if (!answer || json_add(answer, "jws", json_object_get(jws)) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(answer));
}

int account_door_tell(Signer *signer, VarlinkCall *call, const char *name, const char *value)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *parameters = json_object_new_object();

        if (parameters && name && json_add_string(parameters, name, value) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        json_object_put(signer->account_door->about);
        signer->account_door->about = NULL;
        return ask(signer, call, varlink_call_method(call), parameters, &reply);
}

/* It is published: nothing but the token and a thumbprint goes out by this. */
static bool is_key_authorization(const char *text, const char *token)
{
        const char *thumbprint = startswith(text, token);

        return thumbprint && thumbprint[0] == '.' &&
               base64url_is_valid(thumbprint + 1, THUMBPRINT_LETTERS, THUMBPRINT_LETTERS);
}

int account_door_key_authorization(Signer *signer, VarlinkCall *call, const char *token, char **ret)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *parameters = json_object_new_object(), *text;
        int r;

        if (parameters && json_add_string(parameters, "token", token) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        r = ask(signer, call, "KeyAuthorization", parameters, &reply);
        if (r != 0)
                return r;
        text = member_of(reply.parameters, "keyAuthorization", json_type_string);
        if (!text || !is_key_authorization(json_object_get_string(text), token))
                return unreachable(signer, call, "its key authorization is not understood");
        *ret = strdup(json_object_get_string(text));
        return *ret ? 0 : -ENOMEM;
}
