/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* /var/lib/acme/certs/NAME/state.json: what the signer remembers of a certificate between runs, and
 * lets everybody read. It is a cache. The signer alone writes it; who cannot read it goes on
 * without. No I/O here: a text goes in and comes out. */

#include "acme/challenge-type.h"
#include "base/strv.h"
#include "base/time-util.h"

#define STATE_FILE "state.json"
#define STATE_BYTES_MAX (128U * 1024U) /* 100 identifiers twice, and room */
#define STATE_VERSION 1

/* What the CA says of the live certificate (RFC 9773). */
typedef struct StateRenewalInfo {
        usec_t again_usec;  /* when to ask again; 0: it has not been asked */
        usec_t moment_usec; /* chosen from the suggested window; 0: there is no usable one */
        char *explanation;  /* a URL for people; NULL: none */
} StateRenewalInfo;

/* Its revocation, as root has asked for it. */
typedef struct StateRevocation {
        usec_t asked_usec;   /* when the CA was asked; 0: it was not, or it has refused */
        usec_t revoked_usec; /* when it had said yes; 0: nobody knows */
        char *reason;        /* a word of RFC 5280 section 5.3.1; NULL: none was given */
} StateRevocation;

#define KEY_SOURCE_CSR "csr:"

/* The live certificate, and the settings it was asked for with. */
typedef struct StateCertificate {
        bool is_set;
        bool is_placeholder; /* made by the signer itself, until there is a real one */
        char *generation;
        char *serial;      /* lower-case hexadecimal */
        char *fingerprint; /* SHA-256 of the DER, lower-case hexadecimal */
        char *issuer;      /* the issuer's common name, or its whole name */
        usec_t not_before_usec;
        usec_t not_after_usec;
        usec_t installed_usec;
        usec_t checked_usec; /* when the signer last saw that files, key and certificate fit */
        char **identifiers;
        char *key_type;
        char *key_source; /* who keeps the key: KEY_SOURCE_CSR and the request's fingerprint, or
                             Key=; NULL: its generation has it */
        char *directory;  /* of the CA; NULL when not known */
        char *ca;         /* what that was called then; NULL when not known */
        char **wishes;    /* settings that it was asked for with and is not due by (wishes.h); NULL
                             when not known */
        StateRenewalInfo renewal_info;
        StateRevocation revocation;
} StateCertificate;

/* The order under way, with the settings it was made for: with others it is not gone on with. */
typedef struct StateOrder {
        char *url; /* NULL: none */
        usec_t created_usec;
        char **identifiers;
        char *directory;
        char **wishes; /* that it was made with (wishes.h); NULL when not known */
} StateOrder;

/* The failures since the last success. */
typedef struct StateFailure {
        unsigned count; /* 0: none, and the others mean nothing */
        usec_t last_usec;
        int outcome;   /* exit code of the client */
        char *problem; /* problem type, may be NULL */
        char *detail;  /* escaped, may be NULL */
        usec_t next_attempt_usec;
        char *settings; /* fingerprint of the settings that failed: others may be tried at once */
} StateFailure;

/* A CA of several, which another one had to stand in for. */
typedef struct StateAuthority {
        char *directory;
        StateFailure failure; /* since its last success */
} StateAuthority;
#define STATE_AUTHORITIES_MAX 4U

typedef struct State {
        StateCertificate certificate;
        StateOrder order;
        StateFailure failure;
        StateAuthority authorities[STATE_AUTHORITIES_MAX];
        size_t n_authorities;
        char **challenges; /* "TYPE IDENTIFIER": by which type each is to be proved next, of several
                            */
        char **issuers; /* "FINGERPRINT DIRECTORY": by which CA certificates were issued, the newest
                         * last
                         */
        char *thumbprint; /* of the key of the account that is configured; NULL: none yet */
} State;

/* In a list like State.challenges. Return: CHALLENGE_TYPE_INVALID when nothing is known. */
ChallengeType state_challenge(char *const *challenges, const char *identifier);

/* One for each identifier. Return: 0, -ENOMEM. */
int state_set_challenge(char ***challenges, const char *identifier, ChallengeType type);

/* Which CA has issued the certificate: its directory, borrowed; NULL: nobody has kept that. */
const char *state_issuer(const State *state, const char *fingerprint);

/* Of more than so many, the oldest is forgotten: more than generations that are kept. Return: 0,
 * -ENOMEM. */
#define STATE_ISSUERS_MAX 16U
int state_add_issuer(State *state, const char *fingerprint, const char *directory);

int state_new(State **ret);
void state_free(State *state);
DEFINE_CLEANUP(State *, state_free);

/* Return: 0; STATE_E_DAMAGED (not JSON, NULs, wrong types, limits); STATE_E_NEWER (a version we do
 * not know); -ENOMEM. */
enum {
        STATE_E_DAMAGED = 1,
        STATE_E_NEWER = 2,
};
int state_parse(const char *text, size_t length, State **ret);

/* Return: 0, -ENOMEM. */
int state_format(const State *state, char **ret);

void state_certificate_done(StateCertificate *certificate);
void state_order_done(StateOrder *order);
void state_failure_done(StateFailure *failure);
void state_authority_done(StateAuthority *authority);
