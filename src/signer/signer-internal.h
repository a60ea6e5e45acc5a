/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the signer share. */

#include "config/config.h"
#include "signer/account-record.h"
#include "signer/account-request.h"
#include "signer/account.h"
#include "signer/foreign-key.h"
#include "signer/key-maker.h"
#include "signer/revocation.h"
#include "signer/signer.h"
#include "signer/store.h"
#include "state/due.h"
#include "varlink/varlink-server.h"

#define SIGNER_INTERFACE "io.acmeward.Signer"
#define ACCOUNT_SIGNER_INTERFACE "io.acmeward.AccountSigner"

struct Signer {
        const VarlinkInterface *interface;
        sd_event *event;
        VarlinkServer *servers[DOORS];
        unsigned n_servers;
        const char *root;
        const char *name;
        usec_t (*now)(void);

        Config *config;       /* NULL: config_message says why */
        char *config_message; /* whole, fit to be shown; NULL: it holds */
        char *store_message;  /* NULL: store, account and state are there */
        Store *store;
        Account *account;
        struct AccountDoor *account_door; /* NULL: the account's key is here; account-door.h */
        bool account_is_busy;             /* somebody else decides which key it has */

        /* Of an account's signer alone, which has no certificate: what root wants. */
        AccountRequest *request;
        AccountRecord record;
        bool has_signed_operation; /* the request that does it */

        State *state;
        char *written_state; /* what state.json has, as text */
        bool state_synced;
        bool key_retired;       /* the live key is in retired.h's list */
        bool key_mismatch;      /* the live key is not the live certificate's */
        EVP_PKEY *live_key;     /* to be kept; with RenewKey=no alone, and never a placeholder's */
        ForeignKey foreign_key; /* in the place of the next two */
        EVP_PKEY *pending_key;  /* on disk, and in no certificate yet */

        /* Each has a part of this for itself while it is at work: the account's directory and
         * account_key_made the one, the pending key's the other. */
        KeyMaker *account_maker;
        KeyMaker *certificate_maker;
        bool account_key_made;
        sd_event_source *prepare_source;

        /* What root wants revoked, as it was last read, and whether a request for it was signed. */
        Revocation revocation;
        bool revocation_signed;

        /* Of the live certificate (RFC 9773 section 4.1); NULL: it has none, or is a placeholder.
         */
        char *renewal_id;

        unsigned tried; /* CAs that are passed over in this run, bits by their place in CA= */

        /* Of the certificate or, if it has more, of an order to be given up; 0: there is no state.
         */
        size_t n_names;
        unsigned signatures; /* made so far, for the CA under way */
        unsigned deactivations;
        unsigned refusals; /* audited so far */
};

/* signer.c: opens the account of the configuration, then locks and loads it; store_message says
 * what is wrong with it. Return: 0, -ENOMEM. */
int signer_open_account(Signer *signer);
int signer_load_account(Signer *signer, bool is_exclusive);

/* signer.c: looks at what is live, and chooses the CA. Return: 0, also when store_message says what
 * is wrong; -ENOMEM. */
int signer_look(Signer *signer);

/* inspect.c: state and store brought together. Return: 0, -errno. */
int signer_inspect(Signer *signer);
DueReason signer_due(const Signer *signer, usec_t now_usec);

/* Writes state.json if it would change; the disk has it when the signer ends. Return: 0; -errno,
 * which is logged. */
int signer_write_state(Signer *signer);
int signer_sync_state(Signer *signer);

/* Fills in what is live from a certificate that has just been read or installed. Generation, and
 * the CA's name and directory, NULL where none is known, are copied. Return: 0; -EBADMSG; -ENOMEM.
 */
int signer_remember_certificate(Signer *signer,
                                X509 *certificate,
                                const char *generation,
                                const char *ca,
                                const char *directory,
                                usec_t installed_usec,
                                usec_t checked_usec);

/* keys.c: the account's key, made at its first use; borrowed. Return: 0, -errno. */
int signer_account_key(Signer *signer, EVP_PKEY **ret);

/* The key that the next certificate is for, if it is there already; borrowed. Return: 0; -ENOENT.
 */
int signer_find_certificate_key(Signer *signer, EVP_PKEY **ret);

/* The same, made and stored when it is not there. Return: 0, -errno. */
int signer_certificate_key(Signer *signer, EVP_PKEY **ret);

/* Has the next certificate be for this key, which is taken on success; what was to be its key, and
 * the order that was under way for that, are given up. Return: 0, -errno. */
int signer_take_key(Signer *signer, EVP_PKEY *key);

/* Looks after both keys when the reply is out. */
void signer_prepare_keys(Signer *signer);

/* A key that others know is not used again: forgets it where it is kept for the next certificate.
 */
void signer_drop_retired_keys(Signer *signer);

/* replacement.c: puts the certificate's key into the list of retired ones, on disk, and forgets it
 * where it is kept. Return: 0, -errno. */
int signer_retire_key(Signer *signer, X509 *certificate);

/* The same of what root is about to replace since others know its key; a failure is logged. */
void signer_heed_replacement(Signer *signer);

/* inspect.c: and with it the order, whose chain could not be installed any more. */
void signer_drop_pending(Signer *signer);
/* notes.c: the CA knows the account; and it knows it by another key than before. Return: 0, -errno.
 */
int signer_found_account(Signer *signer, const char *url, bool *ret_other_key);
void signer_audit_key_change(const Signer *signer);

/* Since when an administrator wants a renewal; 0: not at all. */
usec_t signer_requested_usec(const Signer *signer);

/* authority.c: turns to the CA that the state says is the one to ask; and to a certain one, by its
 * place in CA=. Return: 0, also when store_message says that its account cannot be had; -ENOMEM. */
int signer_choose_authority(Signer *signer);
int signer_use_authority(Signer *signer, size_t i);

/* variants.c: turns to another type of KeyType=, by its place there, with all that belongs to it:
 * keys, state, order. Return: 0, also when store_message says that its files cannot be had;
 * -ENOMEM. */
int signer_use_key_type(Signer *signer, size_t i);

/* The store's view of the key type that is under way. */
void signer_choose_variant(const Signer *signer);

/* The state of the certificate with the other key type. Return: 0; -ENOENT where there is one type;
 * -EBADMSG; -ENOMEM. After a new generation, or the CA's word on a revocation: the state of the
 * certificate with the other key type, changed by edit() and written, if there is one. A failure is
 * logged. */
int signer_read_other_state(const Signer *signer, State **ret);
typedef int (*StateEdit)(State *state, const void *userdata);
void signer_edit_other_state(Signer *signer, StateEdit edit, const void *userdata);
void signer_tell_other_generation(Signer *signer, const char *generation);

/* Is there another key type behind the one under way? */
bool signer_has_next_key_type(const Signer *signer);
int method_next_key_type(VarlinkCall *call, const void *parameters, void *userdata);

/* As retryAfter of a failed attempt: no longer than the other CAs want to be left alone. */
usec_t signer_bound_retry_after(const Signer *signer, usec_t retry_after_usec);

typedef struct AuthorityParameters {
        const char *ca, *problem, *detail;
        int64_t outcome, retry_after;
} AuthorityParameters;
extern const JsonField authority_fields[];
int method_next_authority(VarlinkCall *call, const void *parameters, void *userdata);

/* failure.c: fills in why one more attempt failed; problem and detail as below. Return: 0, -ENOMEM.
 */
int signer_note_failure(const Signer *signer,
                        StateFailure *failure,
                        int outcome,
                        const char *problem,
                        const char *detail,
                        usec_t retry_after_usec);

/* Counts an attempt that failed. problem and detail may be NULL; detail is a stranger's
 * text. ret_next_usec may be NULL. Return: 0, -ENOMEM. */
int signer_count_failure(Signer *signer,
                         int outcome,
                         const char *problem,
                         const char *detail,
                         usec_t retry_after_usec,
                         usec_t *ret_next_usec);

/* With nothing loaded yet, for both signers. What is pointed at outlives it. NULL: -ENOMEM. */
Signer *signer_create(const VarlinkInterface *interface,
                      sd_event *event,
                      const char *root,
                      const char *name,
                      usec_t (*now)(void));

/* The methods that have files of their own. */
extern const VarlinkInterface signer_interface;

int method_describe(VarlinkCall *call, const void *parameters, void *userdata);
int method_describe_distant(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct RequestParameters {
        const char *url, *nonce;
        /* Of NewOrder. */
        bool replaces;
        const char *profile; /* NULL: none */
        const char *csr;     /* of FinalizeRequest */
} RequestParameters;

/* Of every request; the rows of a field table. The URL's grammar is the policy's to check, which
 * has an error of its own for it. Needs acme/token.h and acme/url.h. */
#define REQUEST_URL_AND_NONCE                                                                      \
        {"url",                                                                                    \
         JSON_STRING,                                                                              \
         offsetof(RequestParameters, url),                                                         \
         ACME_URL_MAX,                                                                             \
         NULL,                                                                                     \
         JSON_MANDATORY,                                                                           \
         0},                                                                                       \
        {                                                                                          \
                "nonce", JSON_STRING, offsetof(RequestParameters, nonce), ACME_NONCE_MAX,          \
                                acme_nonce_is_valid, JSON_MANDATORY, 0                             \
        }
extern const JsonField request_fields[], new_order_fields[], finalize_request_fields[];
int method_request(VarlinkCall *call, const void *parameters, void *userdata);

/* finalize.c: for the table of requests; and a signing request for the next key here, in base64url,
 * to be freed. Return: 0; POLICY_E_REFUSED; -errno. */
int finalize_compose(Signer *signer, VarlinkCall *call, const RequestParameters *p, char **ret);
int finalize_compose_request(Signer *signer,
                             VarlinkCall *call,
                             const RequestParameters *p,
                             char **ret);
int finalize_make_csr(Signer *signer, VarlinkCall *call, char **ret);

typedef struct UrlParameter {
        const char *value;
} UrlParameter;
extern const JsonField account_fields[], order_fields[];
int method_set_account(VarlinkCall *call, const void *parameters, void *userdata);
int method_forget_account(VarlinkCall *call, const void *parameters, void *userdata);
int method_set_order(VarlinkCall *call, const void *parameters, void *userdata);
int method_forget_order(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct RenewalInfoParameters {
        int64_t start, end, retry_after; /* 0: absent */
        const char *explanation;
} RenewalInfoParameters;
extern const JsonField renewal_info_fields[];
int method_set_renewal_info(VarlinkCall *call, const void *parameters, void *userdata);

/* The name under which the CA that is configured tells when to renew the live certificate; NULL:
 * there is none. */
const char *signer_renewal_id(const Signer *signer);

/* The same for a new order (RFC 9773 section 5), which has to have a name in common with what it
 * replaces; NULL: it replaces nothing. */
const char *signer_replaced_id(const Signer *signer);

typedef struct InstallParameters {
        const char *chain;
} InstallParameters;
extern const JsonField install_fields[];
int method_install(VarlinkCall *call, const void *parameters, void *userdata);
int method_weigh_chain(VarlinkCall *call, const void *parameters, void *userdata);

int method_install_placeholder(VarlinkCall *call, const void *parameters, void *userdata);

/* certificate-import.c */
int method_import_key(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct ChallengeParameters {
        const char *identifier, *type;
} ChallengeParameters;
extern const JsonField challenge_fields[];
int method_set_challenge(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct TokenParameter {
        const char *value;
} TokenParameter;
extern const JsonField token_fields[];
int method_key_authorization(VarlinkCall *call, const void *parameters, void *userdata);
int method_key_authorization_digest(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct PersistentParameters {
        const char *identifier, *issuer, *account_uri;
} PersistentParameters;
extern const JsonField persistent_fields[];
int method_persistent_record(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct ValidationParameters {
        const char *token, *identifier;
} ValidationParameters;
extern const JsonField validation_fields[];
int method_validation_certificate(VarlinkCall *call, const void *parameters, void *userdata);

/* RFC 8555 section 8.1; the account's key is made when there is none. token: checked. *ret: owned.
 * Return: 0; POLICY_E_REFUSED (policy.h) when the call has been answered; -errno. */
int signer_key_authorization(Signer *signer, VarlinkCall *call, const char *token, char **ret);

int method_describe_revocation(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct RevocationParameters {
        bool revoked;
} RevocationParameters;
extern const JsonField set_revocation_fields[];
int method_set_revocation(VarlinkCall *call, const void *parameters, void *userdata);

/* For the table of requests: the key that root has chosen, and the payload. */
int revoke_choose_key(Signer *signer, VarlinkCall *call, EVP_PKEY **ret);
int revoke_compose(Signer *signer, VarlinkCall *call, const RequestParameters *p, char **ret);

typedef struct FailureParameters {
        int64_t outcome, retry_after;
        const char *problem, *detail;
} FailureParameters;
extern const JsonField report_failure_fields[];
int method_report_failure(VarlinkCall *call, const void *parameters, void *userdata);

/* The member "identifiers" as newOrder wants it (RFC 8555 section 7.4), and Describe tells it.
 * Return: 0, -ENOMEM. */
int add_identifiers(struct json_object *object, char *const *identifiers);

/* What a client has to know of the configuration, and of the account; of Describe and
 * DescribeRevocation. Return: 0, -ENOMEM. */
int add_configuration(struct json_object *object, const Signer *signer);
int add_account(struct json_object *object, const Signer *signer);

/* Takes object: a payload as text. Return: 0, -ENOMEM. */
int format_payload(struct json_object *object, char **ret);

/* As io.acmeward.Signer's type Certificate. Return: a new object, NULL without memory. */
struct json_object *certificate_to_json(const StateCertificate *certificate);
