/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client names a token; the signer makes the digest; PID 1 runs who publishes it. Only names of
 * the configuration are published, so that a client under foreign control cannot fill a zone with
 * others. One call is served at a time, and takes as long as DNS does. */

#include "dns/dns.h"

#include "acme/challenge-type.h"
#include "acme/identifier.h"
#include "acme/token.h"
#include "base/audit.h"
#include "base/base64url.h"
#include "base/log.h"
#include "dns/marks.h"
#include "varlink/idl-challenge.h"
#include "varlink/varlink-client.h"
#include "varlink/varlink-server.h"

#define INTERFACE "io.acmeward.Challenge"
#define SIGNER_INTERFACE "io.acmeward.Signer"

/* One digest; the signer may be busy with a request. */
#define SIGNER_TIMEOUT_USEC (10 * USEC_PER_SEC)

struct Dns {
        sd_event *event;
        const char *signer_path;
        Records *records;
        int mark_fd;
        VarlinkClient *signer;
        VarlinkServer *server;
        sd_event_source *idle_source;
        char **pairs; /* identifier, value, …: what has been published */
        bool has_been_called;
};

/* One challenge, as the client names it; borrowed. */
typedef struct Wanted {
        const char *type, *identifier, *token;
} Wanted;

/* Why a call is not done. The values of error live for ever. */
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

static int reply_refusal(VarlinkCall *call, const Refusal *refusal)
{
        audit(AUDIT_REFUSED,
              "Refused to publish what a challenge asks for",
              {AUDIT_OPERATION, varlink_call_method(call)},
              {AUDIT_REASON, strrchr(refusal->error, '.') + 1});
        return refusal->member ? varlink_error_string(call,
                                                      refusal->error,
                                                      refusal->member,
                                                      refusal->text)
                               : varlink_error(call, refusal->error, NULL);
}

/* r: of records_…(). Return: 0, also when the refusal is set; -errno. */
static int settle(const Records *records, int r, Refusal *refusal)
{
        if (r <= 0)
                return r;
        return refuse(refusal,
                      r == RECORDS_E_REFUSED ? INTERFACE ".DirectoryFailed"
                                             : INTERFACE ".PublishFailed",
                      "message",
                      records->reason);
}

static bool is_own_type(const char *type)
{
        return challenge_type_from_string(type) == CHALLENGE_TYPE_DNS01;
}

/* RFC 8555 section 8.4: a wildcard is proved at the name below it. */
static const char *base_of(const char *identifier)
{
        return startswith(identifier, "*.") ?: identifier;
}

static bool is_configured(const Dns *dns, const char *identifier)
{
        STRV_FOREACH (own, dns->records->config->identifiers)
                if (streq(base_of(*own), identifier))
                        return true;
        return false;
}

static int read_one(const Dns *dns, struct json_object *object, Wanted *ret, Refusal *refusal)
{
        static const JsonField fields[] = {
                        {"type",
                         JSON_STRING,
                         offsetof(Wanted, type),
                         CHALLENGE_TYPE_NAME_MAX,
                         is_own_type,
                         JSON_MANDATORY},
                        {"identifier",
                         JSON_STRING,
                         offsetof(Wanted, identifier),
                         ACME_IDENTIFIER_MAX,
                         acme_dns_name_is_valid,
                         JSON_MANDATORY},
                        {"token",
                         JSON_STRING,
                         offsetof(Wanted, token),
                         ACME_TOKEN_MAX,
                         acme_token_is_valid,
                         JSON_MANDATORY},
                        {},
        };
        const char *member = "challenges";
        int r = -EBADMSG;

        if (json_object_is_type(object, json_type_object))
                r = json_dispatch(object, fields, ret, 0, &member);
        if (r == 0 && !is_configured(dns, ret->identifier)) {
                member = "identifier";
                r = -EBADMSG;
        }
        /* A member that nobody knows bears a foreign name. */
        if (r == -EBADMSG)
                return refuse(refusal,
                              INTERFACE ".ChallengeRefused",
                              "member",
                              json_object_object_get_ex(object, member, NULL) ? member
                                                                              : "challenges");
        return r;
}

/* Everything is looked at before anything is done. */
static int read_all(const Dns *dns, struct json_object *list, Wanted **ret, Refusal *refusal)
{
        size_t n = json_object_array_length(list);
        int r = 0;

        if (strv_length(dns->pairs) / 2 + n > DNS_RECORDS_MAX)
                return refuse(refusal, INTERFACE ".TooManyChallenges", NULL, NULL);
        *ret = calloc(n + 1, sizeof(Wanted));
        if (!*ret)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && !refusal->error && i < n; i++)
                r = read_one(dns, json_object_array_get_idx(list, i), *ret + i, refusal);
        return r;
}

static bool value_is_valid(const char *value)
{
        return base64url_is_valid(value, RECORD_VALUE_BYTES, RECORD_VALUE_BYTES);
}

/* Return: 0 with *ret, or with the refusal set; -errno. */
static int ask_signer(Dns *dns, const char *token, char **ret, Refusal *refusal)
{
        static const JsonField fields[] = {
                        {"digest",
                         JSON_STRING,
                         0,
                         RECORD_VALUE_BYTES,
                         value_is_valid,
                         JSON_MANDATORY},
                        {},
        };
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *parameters = json_object_new_object();
        const char *digest = NULL;
        int r;

        if (!parameters || json_add_string(parameters, "token", token) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        r = dns->signer ? 0 : varlink_client_connect(dns->signer_path, &dns->signer);
        if (r < 0) {
                json_object_put(parameters);
                return refuse(refusal,
                              INTERFACE ".SignerRefused",
                              "error",
                              "the signer's door is closed");
        }
        r = varlink_client_call(dns->signer,
                                SIGNER_INTERFACE ".KeyAuthorizationDigest",
                                parameters,
                                SIGNER_TIMEOUT_USEC,
                                &reply);
        if (r < 0)
                return refuse(refusal, INTERFACE ".SignerRefused", "error", strerror(-r));
        if (r == VARLINK_E_ERROR)
                return refuse(refusal, INTERFACE ".SignerRefused", "error", reply.error);
        r = json_dispatch(reply.parameters, fields, &digest, 0, NULL);
        return r < 0 ? r : free_and_strdup(ret, digest);
}

static bool is_published(const Dns *dns, const char *identifier, const char *value)
{
        for (size_t i = 0; i < strv_length(dns->pairs); i += 2)
                if (streq(dns->pairs[i], identifier) && streq(dns->pairs[i + 1], value))
                        return true;
        return false;
}

static int publish_one(Dns *dns, const Wanted *wanted, char ***ret_values, Refusal *refusal)
{
        _cleanup_free_ char *value = NULL;
        int r;

        r = ask_signer(dns, wanted->token, &value, refusal);
        if (r < 0 || refusal->error)
                return r;
        r = strv_append(ret_values, value);
        if (r < 0 || is_published(dns, wanted->identifier, value))
                return r;
        /* From here on it will be removed, whatever happens. */
        r = marks_add(dns->mark_fd, wanted->identifier, value);
        if (r < 0)
                return refuse(refusal,
                              INTERFACE ".DirectoryFailed",
                              "message",
                              "Failed to note in " MARKS_DIRECTORY " what is to be removed again");
        r = records_present(dns->records, wanted->identifier, value);
        if (r != 0)
                return settle(dns->records, r, refusal);
        r = strv_append(&dns->pairs, wanted->identifier);
        return r < 0 ? r : strv_append(&dns->pairs, value);
}

typedef struct Publish {
        struct json_object *challenges;
} Publish;

static int handle_publish(VarlinkCall *call, const void *parameters, void *userdata)
{
        const Publish *publish = parameters;
        Dns *dns = userdata;
        size_t n = json_object_array_length(publish->challenges);
        _cleanup_(refusal_done) Refusal refusal = {};
        _cleanup_free_ Wanted *wanted = NULL;
        _cleanup_strv_free_ char **values = NULL;
        _cleanup_json_ struct json_object *reply = json_object_new_object();
        int r;

        dns->has_been_called = true;
        if (!reply)
                return -ENOMEM;
        r = read_all(dns, publish->challenges, &wanted, &refusal);
        for (size_t i = 0; r == 0 && !refusal.error && i < n; i++)
                r = publish_one(dns, wanted + i, &values, &refusal);
        if (r == 0 && !refusal.error && n > 0)
                r = settle(dns->records, records_await(dns->records, dns->pairs), &refusal);
        if (r < 0)
                return r;
        if (refusal.error)
                return reply_refusal(call, &refusal);
        r = json_add_strv(reply, "answers", values);
        return r < 0 ? r : varlink_reply(call, TAKE_PTR(reply));
}

typedef struct Check {
        struct json_object *identifiers;
} Check;

static int handle_check(VarlinkCall *call, const void *parameters, void *userdata)
{
        const Check *check = parameters;
        Dns *dns = userdata;
        _cleanup_(refusal_done) Refusal refusal = {};
        _cleanup_strv_free_ char **names = NULL;
        int r;

        dns->has_been_called = true;
        r = json_to_strv(check->identifiers, &names);
        STRV_FOREACH (name, names)
                if (r == 0 && !refusal.error && !is_configured(dns, *name))
                        r = refuse(&refusal,
                                   INTERFACE ".ChallengeRefused",
                                   "member",
                                   "identifiers");
        if (r == 0 && !refusal.error && names)
                r = settle(dns->records, records_check(dns->records, names), &refusal);
        if (r < 0)
                return r;
        return refusal.error ? reply_refusal(call, &refusal) : varlink_reply(call, NULL);
}

static void on_disconnected(VarlinkConnection *connection _unused_, void *userdata)
{
        Dns *dns = userdata;

        if (varlink_server_connections(dns->server) == 0)
                (void) sd_event_exit(dns->event, 0);
}

static int on_idle(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
        Dns *dns = userdata;

        /* Who has come may be busy with the CA. */
        if (dns->has_been_called || varlink_server_connections(dns->server) > 0)
                return 0;
        return sd_event_exit(dns->event, 0);
}

int dns_new(sd_event *event, const char *signer_path, Records *records, int mark_fd, Dns **ret)
{
        _cleanup_(dns_freep) Dns *dns = calloc(1, sizeof(*dns));
        int r;

        if (!dns)
                return -ENOMEM;
        dns->event = sd_event_ref(event);
        dns->signer_path = signer_path;
        dns->records = records;
        dns->mark_fd = mark_fd;
        r = sd_event_add_time_relative(event,
                                       &dns->idle_source,
                                       CLOCK_MONOTONIC,
                                       FIRST_CALL_TIMEOUT_USEC,
                                       0,
                                       on_idle,
                                       dns);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(dns);
        return 0;
}

int dns_serve(Dns *dns, int listen_fd)
{
        static const JsonField publish_fields[] = {
                        {"challenges",
                         JSON_ARRAY,
                         offsetof(Publish, challenges),
                         .flags = JSON_MANDATORY,
                         .max_elements = DNS_RECORDS_MAX},
                        {},
        };
        static const JsonField check_fields[] = {
                        {"identifiers",
                         JSON_STRING_ARRAY,
                         offsetof(Check, identifiers),
                         ACME_IDENTIFIER_MAX,
                         acme_dns_name_is_valid,
                         JSON_MANDATORY,
                         CONFIG_IDENTIFIERS_MAX},
                        {},
        };
        static const VarlinkMethod methods[] = {
                        {"Publish", publish_fields, sizeof(Publish), handle_publish},
                        {"Check", check_fields, sizeof(Check), handle_check},
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

        return varlink_server_new(dns->event, listen_fd, &interface, &callbacks, dns, &dns->server);
}

void dns_free(Dns *dns)
{
        if (!dns)
                return;
        varlink_server_free(dns->server);
        varlink_client_free(dns->signer);
        sd_event_source_disable_unref(dns->idle_source);
        sd_event_unref(dns->event);
        strv_free(dns->pairs);
        free(dns);
}
