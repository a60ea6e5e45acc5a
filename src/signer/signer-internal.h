/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the signer share. */

#include "config/config.h"
#include "signer/account.h"
#include "signer/key-maker.h"
#include "signer/signer.h"
#include "signer/store.h"
#include "state/due.h"
#include "varlink/varlink-server.h"

#define SIGNER_INTERFACE "io.acmeward.Signer"

struct Signer {
        sd_event *event;
        VarlinkServer *server;
        const char *root;
        const char *name;
        usec_t (*now)(void);

        Config *config;       /* NULL: config_message says why */
        char *config_message; /* whole, fit to be shown */
        char *store_message;  /* NULL: store, account and state are there */
        Store *store;
        Account *account;

        State *state;
        char *written_state; /* what state.json has, as text */
        bool state_synced;
        bool key_mismatch;     /* the live key is not the live certificate's */
        EVP_PKEY *live_key;    /* to be kept; with RenewKey=no alone */
        EVP_PKEY *pending_key; /* on disk, and in no certificate yet */

        /* Each has a part of this for itself while it is at work: the account's directory and
         * account_key_made the one, the pending key's the other. */
        KeyMaker *account_maker;
        KeyMaker *certificate_maker;
        bool account_key_made;
        sd_event_source *prepare_source;

        unsigned signatures; /* made so far */
        unsigned refusals;   /* audited so far */
};

/* inspect.c: state and store brought together. Return: 0, -errno. */
int signer_inspect(Signer *signer);
DueReason signer_due(const Signer *signer, usec_t now_usec);

/* Writes state.json if it would change; the disk has it when the signer ends. Return: 0; -errno,
 * which is logged. */
int signer_write_state(Signer *signer);
int signer_sync_state(Signer *signer);

/* Fills in what is live from a certificate that has just been read or installed. Generation and
 * directory are copied. Return: 0; -EBADMSG; -ENOMEM. */
int signer_remember_certificate(Signer *signer,
                                X509 *certificate,
                                const char *generation,
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

/* Looks after both keys when the reply is out. */
void signer_prepare_keys(Signer *signer);

/* failure.c: counts an attempt that failed. problem and detail may be NULL; detail is a stranger's
 * text. ret_next_usec may be NULL. Return: 0, -ENOMEM. */
int signer_count_failure(Signer *signer,
                         int outcome,
                         const char *problem,
                         const char *detail,
                         usec_t retry_after_usec,
                         usec_t *ret_next_usec);

/* The methods that have files of their own. */
extern const VarlinkInterface signer_interface;

int method_describe(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct RequestParameters {
        const char *url, *nonce;
} RequestParameters;
extern const JsonField request_fields[];
int method_request(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct UrlParameter {
        const char *value;
} UrlParameter;
extern const JsonField account_fields[], order_fields[];
int method_set_account(VarlinkCall *call, const void *parameters, void *userdata);
int method_forget_account(VarlinkCall *call, const void *parameters, void *userdata);
int method_set_order(VarlinkCall *call, const void *parameters, void *userdata);
int method_forget_order(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct InstallParameters {
        const char *chain;
} InstallParameters;
extern const JsonField install_fields[];
int method_install(VarlinkCall *call, const void *parameters, void *userdata);

typedef struct FailureParameters {
        int64_t outcome, retry_after;
        const char *problem, *detail;
} FailureParameters;
extern const JsonField report_failure_fields[];
int method_report_failure(VarlinkCall *call, const void *parameters, void *userdata);

/* The member "identifiers" as newOrder wants it (RFC 8555 section 7.4), and Describe tells it.
 * Return: 0, -ENOMEM. */
int add_identifiers(struct json_object *object, char *const *identifiers);

/* As io.acmeward.Signer's type Certificate. Return: a new object, NULL without memory. */
struct json_object *certificate_to_json(const StateCertificate *certificate);
