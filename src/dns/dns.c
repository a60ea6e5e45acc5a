/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client names a token; the signer makes the digest; PID 1 runs who publishes it. Only names of
 * the configuration are published, so that a client under foreign control cannot fill a zone with
 * others. One call is served at a time, and takes as long as DNS does. */

#include "dns/dns.h"

#include "acme/identifier.h"
#include "base/base64url.h"
#include "base/log.h"
#include "dns/marks.h"
#include "dns/persistent.h"
#include "proving/signer-door.h"
#include "proving/wanted.h"
#include "varlink/idl-challenge.h"
#include "varlink/varlink-server.h"

struct Dns {
        sd_event *event;
        Records *records;
        int mark_fd;
        SignerDoor signer;
        VarlinkServer *server;
        sd_event_source *idle_source;
        char **pairs; /* identifier, value, …: what has been published, */
        char **seen;  /* and, of what a person publishes, what is there */
        bool has_been_called;
};

/* r: of records_…(). Return: 0, also when the refusal is set; -errno. */
static int settle(const Records *records, int r, Refusal *refusal)
{
        if (r <= 0)
                return r;
        return refuse(refusal,
                      r == RECORDS_E_REFUSED ? CHALLENGE_INTERFACE ".DirectoryFailed"
                                             : CHALLENGE_INTERFACE ".PublishFailed",
                      "message",
                      records->reason);
}

/* RFC 8555 section 8.4: a wildcard is proved at the name below it. */
static const char *base_of(const char *identifier)
{
        return startswith(identifier, "*.") ?: identifier;
}

/* userdata: Dns. */
static bool is_configured(const char *identifier, const void *userdata)
{
        const Dns *dns = userdata;

        STRV_FOREACH (own, dns->records->config->identifiers)
                if (streq(base_of(*own), identifier))
                        return true;
        return false;
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
        const char *digest = NULL;
        int r;

        r = signer_door_ask(&dns->signer, "KeyAuthorizationDigest", token, NULL, &reply, refusal);
        if (r < 0 || refusal->error)
                return r;
        r = json_dispatch(reply.parameters, fields, &digest, 0, NULL);
        return r < 0 ? r : free_and_strdup(ret, digest);
}

/* What a record's text may be. */
static bool text_is_valid(const char *text)
{
        for (const char *p = text; *p; p++)
                if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\')
                        return false;
        return *text;
}

/* The same of dns-persist-01. */
static int ask_for_record(Dns *dns, const Wanted *wanted, char **ret, Refusal *refusal)
{
        static const JsonField fields[] = {
                        {"value", JSON_STRING, 0, RECORD_TEXT_MAX, text_is_valid, JSON_MANDATORY},
                        {},
        };
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        const char *value = NULL;
        int r;

        r = signer_door_call(&dns->signer,
                             "PersistentRecord",
                             wanted_to_json(wanted),
                             &reply,
                             refusal);
        if (r == 0 && streq_ptr(reply.error, "io.acmeward.Signer.AccountRefused"))
                r = refuse(refusal, CHALLENGE_INTERFACE ".AccountMismatch", NULL, NULL);
        if (r < 0 || refusal->error)
                return r;
        r = json_dispatch(reply.parameters, fields, &value, 0, NULL);
        return r < 0 ? r : free_and_strdup(ret, value);
}

static bool has_pair(char *const *pairs, const char *identifier, const char *value)
{
        for (; pairs && *pairs; pairs += 2)
                if (streq(pairs[0], identifier) && streq(pairs[1], value))
                        return true;
        return false;
}

static int add_pair(char ***pairs, const char *identifier, const char *value)
{
        int r;

        r = strv_append(pairs, identifier);
        return r < 0 ? r : strv_append(pairs, value);
}

/* A record that a person has made, or has to make. */
static int look_for(Dns *dns, const char *identifier, const char *value, Refusal *refusal)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (has_pair(dns->seen, identifier, value))
                return 0;
        r = records_seek(dns->records, identifier, value);
        if (r != 0 && r != RECORDS_E_REFUSED)
                return settle(dns->records, r, refusal);
        r = persistent_tell(identifier, value, r == 0 ? NULL : dns->records->reason, &message);
        if (r < 0)
                return r;
        return message ? refuse(refusal, CHALLENGE_INTERFACE ".RecordMissing", "message", message)
                       : add_pair(&dns->seen, identifier, value);
}

static int publish_one(Dns *dns, const Wanted *wanted, char ***ret_values, Refusal *refusal)
{
        _cleanup_free_ char *value = NULL;
        int r;

        r = wanted->token ? ask_signer(dns, wanted->token, &value, refusal)
                          : ask_for_record(dns, wanted, &value, refusal);
        if (r < 0 || refusal->error)
                return r;
        r = strv_append(ret_values, value);
        if (r == 0 && !wanted->token)
                return look_for(dns, wanted->identifier, value, refusal);
        if (r < 0 || has_pair(dns->pairs, wanted->identifier, value))
                return r;
        /* From here on it will be removed, whatever happens. */
        r = marks_add(dns->mark_fd, wanted->identifier, value);
        if (r < 0)
                return refuse(refusal,
                              CHALLENGE_INTERFACE ".DirectoryFailed",
                              "message",
                              "Failed to note in " MARKS_DIRECTORY " what is to be removed again");
        r = records_present(dns->records, wanted->identifier, value);
        if (r != 0)
                return settle(dns->records, r, refusal);
        return add_pair(&dns->pairs, wanted->identifier, value);
}

static int handle_publish(VarlinkCall *call, const void *parameters, void *userdata)
{
        const PublishParameters *publish = parameters;
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
        r = wanted_read(&(WantedRules){dns->records->config->dns ? CHALLENGE_TYPE_DNS01
                                                                 : CHALLENGE_TYPE_INVALID,
                                       true,
                                       is_configured,
                                       dns},
                        publish->challenges,
                        strv_length(dns->pairs) / 2,
                        &wanted,
                        &refusal);
        for (size_t i = 0; r == 0 && !refusal.error && i < n; i++)
                r = publish_one(dns, wanted + i, &values, &refusal);
        if (r == 0 && !refusal.error && dns->pairs)
                r = settle(dns->records, records_await(dns->records, dns->pairs), &refusal);
        if (r < 0)
                return r;
        if (refusal.error)
                return refusal_reply(&refusal, call);
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
                if (r == 0 && !refusal.error && !is_configured(*name, dns))
                        r = refuse(&refusal,
                                   CHALLENGE_INTERFACE ".ChallengeRefused",
                                   "member",
                                   "identifiers");
        if (r == 0 && !refusal.error && names)
                r = settle(dns->records, records_check(dns->records, names), &refusal);
        if (r < 0)
                return r;
        return refusal.error ? refusal_reply(&refusal, call) : varlink_reply(call, NULL);
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
        dns->signer.path = signer_path;
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
                        {"Publish", publish_fields, sizeof(PublishParameters), handle_publish},
                        {"Check", check_fields, sizeof(Check), handle_check},
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

        return varlink_server_new(dns->event, listen_fd, &interface, &callbacks, dns, &dns->server);
}

void dns_free(Dns *dns)
{
        if (!dns)
                return;
        varlink_server_free(dns->server);
        signer_door_done(&dns->signer);
        sd_event_source_disable_unref(dns->idle_source);
        sd_event_unref(dns->event);
        strv_free(dns->pairs);
        strv_free(dns->seen);
        free(dns);
}
