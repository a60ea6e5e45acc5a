/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* state.json, read.
 *
 * The file is ours, but it is read as if it were a stranger's: a power cut, a full disk, a restored
 * backup or a later version of this program may have written it, and the client, which trusts
 * nobody, reads it too. What does not fit is "damaged" as a whole; nothing is guessed from a half.
 * Members that we do not know are passed over: a later version may add some without raising
 * "version", and raises it when an old reader would be misled. */

#include "state/state.h"

#include "acme/revocation-reason.h"
#include "acme/url.h"
#include "base/base64url.h"
#include "base/name.h"
#include "config/config.h"
#include "state/wishes.h"
#include "json/json.h"

#define GENERATION_BYTES_MAX 64U
#define SERIAL_BYTES_MAX 64U /* 20 octets (RFC 5280 section 4.1.2.2) in hexadecimal, and room */
#define FINGERPRINT_BYTES 64U
#define ISSUER_BYTES_MAX 1024U
#define KEY_TYPE_BYTES_MAX 64U
#define KEY_SOURCE_BYTES_MAX 1024U
#define PROBLEM_BYTES_MAX 512U
#define DETAIL_BYTES_MAX 4096U
#define SETTINGS_BYTES_MAX 128U
#define THUMBPRINT_BYTES_MAX 128U
#define OUTCOME_MAX 255

/* As read: strings are borrowed from the document. */
typedef struct CertificateMembers {
        const char *generation, *serial, *fingerprint, *issuer, *key_type, *key_source, *directory,
                        *ca;
        int64_t not_before, not_after, installed, checked;
        bool placeholder;
        struct json_object *identifiers, *wishes, *renewal_info, *revocation;
} CertificateMembers;

typedef struct RenewalInfoMembers {
        const char *explanation;
        int64_t again, moment;
} RenewalInfoMembers;

typedef struct RevocationMembers {
        const char *reason;
        int64_t asked, revoked;
} RevocationMembers;

typedef struct OrderMembers {
        const char *url, *directory;
        int64_t created;
        struct json_object *identifiers, *wishes;
} OrderMembers;

typedef struct FailureMembers {
        const char *problem, *detail, *settings;
        int64_t count, last, outcome, next_attempt;
} FailureMembers;

typedef struct StateMembers {
        int64_t version;
        const char *thumbprint;
        struct json_object *certificate, *order, *failure, *challenges, *authorities, *issuers;
} StateMembers;

typedef struct AuthorityMembers {
        const char *directory;
        struct json_object *failure;
} AuthorityMembers;

static bool is_hex(const char *s)
{
        return *s && s[strspn(s, "0123456789abcdef")] == '\0';
}

/* "http-01 a.example": printable, and one blank. */
static bool is_challenge(const char *s)
{
        const char *blank = strchr(s, ' ');

        if (!blank || blank == s || !blank[1] || strchr(blank + 1, ' '))
                return false;
        for (; *s; s++)
                if (*s < ' ' || *s > '~')
                        return false;
        return true;
}

/* "Profile=classic": a name, and whatever it was set to. */
static bool is_wish(const char *s)
{
        size_t n = strcspn(s, "=");

        return n > 0 && s[n] == '=' && !strpbrk(s, "\n\r\033");
}

/* "00ff… https://…": a fingerprint, one blank, and a URL. */
static bool is_issuer(const char *s)
{
        return strspn(s, "0123456789abcdef") == FINGERPRINT_BYTES && s[FINGERPRINT_BYTES] == ' ' &&
               acme_url_is_valid(s + FINGERPRINT_BYTES + 1);
}

static bool is_thumbprint(const char *s)
{
        return base64url_is_valid(s, 1, THUMBPRINT_BYTES_MAX);
}

static bool is_word(const char *s)
{
        return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* It is shown to people. */
static bool is_key_source(const char *s)
{
        if (!strchr(s, ':'))
                return false;
        for (; *s; s++)
                if (*s <= ' ' || *s > '~')
                        return false;
        return true;
}

static bool is_reason(const char *s)
{
        return revocation_reason_from_string(s) != REVOCATION_UNSTATED;
}

static bool is_generation(const char *s)
{
        return *s && *s != '.' && !strchr(s, '/');
}

/* What it takes apart, field by field. */
#define STRING(type, field, json_name, max, is_valid, flags)                                       \
        {                                                                                          \
                json_name, JSON_STRING, offsetof(type, field), (max), (is_valid), (flags), 0       \
        }
#define INTEGER(type, field, json_name, max, flags)                                                \
        {                                                                                          \
                json_name, JSON_INTEGER, offsetof(type, field), (max), NULL, (flags), 0            \
        }
#define OBJECT(type, field, json_name)                                                             \
        {                                                                                          \
                json_name, JSON_OBJECT, offsetof(type, field), 0, NULL, JSON_NULLABLE, 0           \
        }
#define IDENTIFIERS(type)                                                                          \
        {                                                                                          \
                "identifiers", JSON_STRING_ARRAY, offsetof(type, identifiers),                     \
                                CONFIG_IDENTIFIER_BYTES_MAX, NULL, JSON_MANDATORY,                 \
                                CONFIG_IDENTIFIERS_MAX                                             \
        }

#define WISHES(type)                                                                               \
        {                                                                                          \
                "wishes", JSON_STRING_ARRAY, offsetof(type, wishes), WISH_BYTES_MAX, is_wish,      \
                                JSON_NULLABLE, WISHES_MAX                                          \
        }

static const JsonField certificate_fields[] = {
                STRING(CertificateMembers,
                       generation,
                       "generation",
                       GENERATION_BYTES_MAX,
                       is_generation,
                       JSON_MANDATORY),
                STRING(CertificateMembers,
                       serial,
                       "serial",
                       SERIAL_BYTES_MAX,
                       is_hex,
                       JSON_MANDATORY),
                STRING(CertificateMembers,
                       fingerprint,
                       "fingerprint",
                       FINGERPRINT_BYTES,
                       is_hex,
                       JSON_MANDATORY),
                STRING(CertificateMembers,
                       issuer,
                       "issuer",
                       ISSUER_BYTES_MAX,
                       NULL,
                       JSON_MANDATORY),
                INTEGER(CertificateMembers, not_before, "notBeforeUsec", 0, JSON_MANDATORY),
                INTEGER(CertificateMembers, not_after, "notAfterUsec", 0, JSON_MANDATORY),
                INTEGER(CertificateMembers, installed, "installedUsec", 0, JSON_MANDATORY),
                INTEGER(CertificateMembers, checked, "checkedUsec", 0, JSON_MANDATORY),
                IDENTIFIERS(CertificateMembers),
                STRING(CertificateMembers,
                       key_type,
                       "keyType",
                       KEY_TYPE_BYTES_MAX,
                       is_word,
                       JSON_MANDATORY),
                STRING(CertificateMembers,
                       key_source,
                       "keySource",
                       KEY_SOURCE_BYTES_MAX,
                       is_key_source,
                       JSON_NULLABLE),
                STRING(CertificateMembers,
                       directory,
                       "directory",
                       ACME_URL_MAX,
                       acme_url_is_valid,
                       JSON_NULLABLE),
                STRING(CertificateMembers,
                       ca,
                       "ca",
                       CERTIFICATE_NAME_MAX,
                       ca_name_is_valid,
                       JSON_NULLABLE),
                WISHES(CertificateMembers),
                OBJECT(CertificateMembers, renewal_info, "renewalInfo"),
                OBJECT(CertificateMembers, revocation, "revocation"),
                {"placeholder",
                 JSON_BOOLEAN,
                 offsetof(CertificateMembers, placeholder),
                 0,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {},
};

static const JsonField renewal_info_fields[] = {
                INTEGER(RenewalInfoMembers, again, "againUsec", 0, JSON_MANDATORY),
                INTEGER(RenewalInfoMembers, moment, "momentUsec", 0, JSON_NULLABLE),
                STRING(RenewalInfoMembers,
                       explanation,
                       "explanation",
                       ACME_URL_MAX,
                       acme_url_is_valid,
                       JSON_NULLABLE),
                {},
};

static const JsonField revocation_fields[] = {
                INTEGER(RevocationMembers, asked, "askedUsec", 0, JSON_MANDATORY),
                INTEGER(RevocationMembers, revoked, "revokedUsec", 0, JSON_NULLABLE),
                STRING(RevocationMembers, reason, "reason", 0, is_reason, JSON_NULLABLE),
                {},
};

static const JsonField order_fields[] = {
                STRING(OrderMembers, url, "url", ACME_URL_MAX, acme_url_is_valid, JSON_MANDATORY),
                INTEGER(OrderMembers, created, "createdUsec", 0, JSON_MANDATORY),
                IDENTIFIERS(OrderMembers),
                WISHES(OrderMembers),
                STRING(OrderMembers,
                       directory,
                       "directory",
                       ACME_URL_MAX,
                       acme_url_is_valid,
                       JSON_MANDATORY),
                {},
};

static const JsonField failure_fields[] = {
                INTEGER(FailureMembers, count, "count", UINT32_MAX, JSON_MANDATORY),
                INTEGER(FailureMembers, last, "lastUsec", 0, JSON_MANDATORY),
                INTEGER(FailureMembers, outcome, "outcome", OUTCOME_MAX, JSON_MANDATORY),
                STRING(FailureMembers, problem, "problem", PROBLEM_BYTES_MAX, NULL, JSON_NULLABLE),
                STRING(FailureMembers, detail, "detail", DETAIL_BYTES_MAX, NULL, JSON_NULLABLE),
                INTEGER(FailureMembers, next_attempt, "nextAttemptUsec", 0, JSON_MANDATORY),
                STRING(FailureMembers,
                       settings,
                       "settings",
                       SETTINGS_BYTES_MAX,
                       is_hex,
                       JSON_NULLABLE),
                {},
};

static const JsonField authority_fields[] = {
                STRING(AuthorityMembers,
                       directory,
                       "directory",
                       ACME_URL_MAX,
                       acme_url_is_valid,
                       JSON_MANDATORY),
                OBJECT(AuthorityMembers, failure, "failure"),
                {},
};

static const JsonField version_fields[] = {
                INTEGER(StateMembers, version, "version", 0, JSON_MANDATORY),
                {},
};

static const JsonField state_fields[] = {
                INTEGER(StateMembers, version, "version", 0, JSON_MANDATORY),
                STRING(StateMembers,
                       thumbprint,
                       "thumbprint",
                       THUMBPRINT_BYTES_MAX,
                       is_thumbprint,
                       JSON_NULLABLE),
                OBJECT(StateMembers, certificate, "certificate"),
                OBJECT(StateMembers, order, "order"),
                OBJECT(StateMembers, failure, "failure"),
                {"challenges",
                 JSON_STRING_ARRAY,
                 offsetof(StateMembers, challenges),
                 CHALLENGE_TYPE_NAME_MAX + CONFIG_IDENTIFIER_BYTES_MAX,
                 is_challenge,
                 JSON_NULLABLE,
                 CONFIG_IDENTIFIERS_MAX},
                {"authorities",
                 JSON_ARRAY,
                 offsetof(StateMembers, authorities),
                 0,
                 NULL,
                 JSON_NULLABLE,
                 STATE_AUTHORITIES_MAX},
                {"issuers",
                 JSON_STRING_ARRAY,
                 offsetof(StateMembers, issuers),
                 FINGERPRINT_BYTES + 1 + ACME_URL_MAX,
                 is_issuer,
                 JSON_NULLABLE,
                 STATE_ISSUERS_MAX},
                {},
};

/* The object's members by a table. Return: 0, STATE_E_DAMAGED, -errno. */
static int take_apart(struct json_object *object, const JsonField fields[], void *target)
{
        int r = json_dispatch(object, fields, target, JSON_ALLOW_UNKNOWN, NULL);

        return r == -EBADMSG ? STATE_E_DAMAGED : r;
}

static int parse_renewal_info(struct json_object *object, StateRenewalInfo *info)
{
        RenewalInfoMembers m = {};
        int r;

        r = take_apart(object, renewal_info_fields, &m);
        if (r != 0)
                return r;
        info->again_usec = (usec_t) m.again;
        info->moment_usec = (usec_t) m.moment;
        return free_and_strdup(&info->explanation, m.explanation);
}

static int parse_revocation(struct json_object *object, StateRevocation *revocation)
{
        RevocationMembers m = {};
        int r;

        r = take_apart(object, revocation_fields, &m);
        if (r != 0)
                return r;
        revocation->asked_usec = (usec_t) m.asked;
        revocation->revoked_usec = (usec_t) m.revoked;
        return free_and_strdup(&revocation->reason, m.reason);
}

static int parse_certificate(struct json_object *object, StateCertificate *certificate)
{
        CertificateMembers m = {};
        int r;

        r = take_apart(object, certificate_fields, &m);
        if (r != 0)
                return r;
        if (m.not_before >= m.not_after)
                return STATE_E_DAMAGED;

        certificate->not_before_usec = (usec_t) m.not_before;
        certificate->not_after_usec = (usec_t) m.not_after;
        certificate->installed_usec = (usec_t) m.installed;
        certificate->checked_usec = (usec_t) m.checked;
        certificate->is_set = true;
        certificate->is_placeholder = m.placeholder;
        if (free_and_strdup(&certificate->generation, m.generation) < 0 ||
            free_and_strdup(&certificate->serial, m.serial) < 0 ||
            free_and_strdup(&certificate->fingerprint, m.fingerprint) < 0 ||
            free_and_strdup(&certificate->issuer, m.issuer) < 0 ||
            free_and_strdup(&certificate->key_type, m.key_type) < 0 ||
            free_and_strdup(&certificate->key_source, m.key_source) < 0 ||
            free_and_strdup(&certificate->directory, m.directory) < 0 ||
            free_and_strdup(&certificate->ca, m.ca) < 0)
                return -ENOMEM;
        r = m.wishes ? json_to_strv(m.wishes, &certificate->wishes) : 0;
        if (r == 0 && m.renewal_info)
                r = parse_renewal_info(m.renewal_info, &certificate->renewal_info);
        if (r == 0 && m.revocation)
                r = parse_revocation(m.revocation, &certificate->revocation);
        return r == 0 ? json_to_strv(m.identifiers, &certificate->identifiers) : r;
}

static int parse_order(struct json_object *object, StateOrder *order)
{
        OrderMembers m = {};
        int r;

        r = take_apart(object, order_fields, &m);
        if (r != 0)
                return r;

        order->created_usec = (usec_t) m.created;
        if (free_and_strdup(&order->url, m.url) < 0 ||
            free_and_strdup(&order->directory, m.directory) < 0)
                return -ENOMEM;
        r = m.wishes ? json_to_strv(m.wishes, &order->wishes) : 0;
        return r == 0 ? json_to_strv(m.identifiers, &order->identifiers) : r;
}

static int parse_failure(struct json_object *object, StateFailure *failure)
{
        FailureMembers m = {};
        int r;

        r = take_apart(object, failure_fields, &m);
        if (r != 0)
                return r;

        failure->count = (unsigned) m.count;
        failure->last_usec = (usec_t) m.last;
        failure->outcome = (int) m.outcome;
        failure->next_attempt_usec = (usec_t) m.next_attempt;
        if (free_and_strdup(&failure->problem, m.problem) < 0 ||
            free_and_strdup(&failure->detail, m.detail) < 0 ||
            free_and_strdup(&failure->settings, m.settings) < 0)
                return -ENOMEM;
        return 0;
}

static int parse_authorities(struct json_object *list, State *state)
{
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                struct json_object *object = json_object_array_get_idx(list, i);
                StateAuthority *authority = &state->authorities[state->n_authorities];
                AuthorityMembers m = {};
                int r;

                if (!json_object_is_type(object, json_type_object))
                        return STATE_E_DAMAGED;
                r = take_apart(object, authority_fields, &m);
                if (r != 0)
                        return r;
                state->n_authorities++;
                r = m.failure ? parse_failure(m.failure, &authority->failure) : 0;
                if (r == 0)
                        r = free_and_strdup(&authority->directory, m.directory);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* Return: 0, STATE_E_DAMAGED, STATE_E_NEWER, -errno. */
static int check_version(struct json_object *document)
{
        StateMembers m = {};
        int r;

        r = take_apart(document, version_fields, &m);
        if (r != 0)
                return r;
        if (m.version > STATE_VERSION)
                return STATE_E_NEWER;
        return m.version == STATE_VERSION ? 0 : STATE_E_DAMAGED;
}

static int parse_members(struct json_object *document, State *state)
{
        StateMembers m = {};
        int r;

        /* First, since a newer version may have changed everything else. */
        r = check_version(document);
        if (r == 0)
                r = take_apart(document, state_fields, &m);
        if (r == 0 && m.certificate)
                r = parse_certificate(m.certificate, &state->certificate);
        if (r == 0 && m.order)
                r = parse_order(m.order, &state->order);
        if (r == 0 && m.failure)
                r = parse_failure(m.failure, &state->failure);
        if (r == 0 && m.challenges)
                r = json_to_strv(m.challenges, &state->challenges);
        if (r == 0 && m.issuers)
                r = json_to_strv(m.issuers, &state->issuers);
        if (r == 0 && m.authorities)
                r = parse_authorities(m.authorities, state);
        return r == 0 ? free_and_strdup(&state->thumbprint, m.thumbprint) : r;
}

int state_parse(const char *text, size_t length, State **ret)
{
        _cleanup_json_ struct json_object *document = NULL;
        _cleanup_(state_freep) State *state = NULL;
        int r;

        if (length > STATE_BYTES_MAX)
                return STATE_E_DAMAGED;
        r = json_parse(text, length, &document);
        if (r == -EBADMSG || (r == 0 && !json_object_is_type(document, json_type_object)))
                return STATE_E_DAMAGED;
        if (r < 0)
                return r;
        r = state_new(&state);
        if (r < 0)
                return r;
        r = parse_members(document, state);
        if (r != 0)
                return r;
        *ret = TAKE_PTR(state);
        return 0;
}
