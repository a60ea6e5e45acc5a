/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration as one certificate sees it: /etc/acme/acme.conf with acme.conf.d/,
 * certs/NAME.conf with NAME.conf.d/, and the CA's file from ca.d, merged, checked and normalised.
 * The files are world-readable and hold no secret. The tables of settings.h state every key. */

#include <netinet/in.h>

#include "acme/challenge-type.h"
#include "base/strv.h"
#include "base/time-util.h"
#include "config/deploy-target.h"
#include "config/dns-publisher.h"
#include "config/key-type.h"

/* RFC 8555 has no limit; 100 names is what public CAs take in one certificate. */
#define CONFIG_IDENTIFIERS_MAX 100U
#define CONFIG_IDENTIFIER_BYTES_MAX 253U /* RFC 1035 section 2.3.4, without the final dot */
#define CONFIG_LISTEN_MAX 16U
#define CONFIG_CONTACTS_MAX 10U
#define CONFIG_PROFILES_MAX 8U
#define CONFIG_ORIGINS_MAX 9U /* the directory's, and eight more */
#define CONFIG_ACCOUNT_KEYS_MAX 16U
#define CONFIG_CAS_MAX 4U       /* a run has minutes, and each CA has to have its share of them */
#define CONFIG_KEY_TYPES_MAX 2U /* one of each kind that servers can use side by side */
#define CONFIG_FILE_BYTES_MAX (1024U * 1024U)

/* Why a configuration does not hold: one error, in the words of the file. message is whole and fit
 * to be shown: "/etc/acme/certs/x.conf:3: KeyType=dsa is refused: …. Allowed: one of ec-p256, …".
 */
typedef struct ConfigError {
        char *file;    /* NULL when there is none */
        unsigned line; /* 0 when there is none */
        char *key;     /* NULL when there is none */
        char *message;
        char **warnings; /* as in Config: a key that was passed over may be what is missed */
} ConfigError;
void config_error_done(ConfigError *error);

typedef enum FirewallMode {
        FIREWALL_AUTO,
        FIREWALL_SET,
        FIREWALL_OFF,
} FirewallMode;

typedef union ListenAddress {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
} ListenAddress;

/* One CA of CA=. */
typedef struct ConfigCa {
        char *name;    /* the ca.d name; for a bare URL a name made from it, fit for a directory */
        char *account; /* the account there, by name: CA, or CA@LABEL (account-name.h) */
        char *directory;   /* the CA's directory URL */
        char **origins;    /* as acme_url_origin() writes them, the directory's first */
        char *trust;       /* an extra bundle for the CA's HTTPS, absolute; NULL: none */
        char *account_key; /* the URI of the account's key, in a token; NULL: it is a file */
        bool terms_of_service_agreed;
} ConfigCa;

typedef struct Config {
        char *name;         /* NULL when only acme.conf was asked for; so are the next ones then */
        char **identifiers; /* DNS names in A-label form and lower case, each once, sorted */

        char *csr;       /* the path of a signing request of somebody else's key; NULL: none */
        usec_t csr_usec; /* when that file, or its name, was changed last; 0: there is none to see
                          */
        char *key_uri;   /* of the key in a token; NULL: none. Never beside csr */
        bool identifiers_by_csr; /* they are the request's, and NULL until config_adopt_names() */

        ConfigCa *cas; /* the preferred first */
        size_t n_cas;

        /* The members of the one that is under way, borrowed: of the first, until
         * config_use_ca(). */
        const char *ca, *account, *directory, *trust, *account_key;
        char *const *origins;
        bool terms_of_service_agreed;

        char **contact;                          /* URLs, "mailto:…" */
        KeyType key_types[CONFIG_KEY_TYPES_MAX]; /* the first has the plain names of files */
        size_t n_key_types;

        /* Of the one that is under way: of the first, until config_use_key_type(). */
        KeyType key_type;
        const char *variant; /* NULL: the plain names; see base/variant.h */

        KeyType account_key_type;
        bool renew_key;
        char **profiles; /* of the CA, the preferred first; NULL: as the CA likes */
        bool profile_required;
        usec_t lifetime_usec;  /* that is asked for; 0: as the CA likes */
        usec_t backdate_usec;  /* so long ago it is to begin; 0: as the CA likes */
        char *preferred_chain; /* as chain_get_preference() has it; NULL: the CA's own choice */
        ChallengeType challenges[CHALLENGE_TYPE_MAX]; /* the preferred first, each once */
        size_t n_challenges;
        DnsPublisher *dns; /* NULL: none, and no dns-01 then */

        DeployTarget *deploy; /* the [Deploy LABEL] sections, as they come in the files */
        size_t n_deploy;
        char **consumers; /* unit names that may have the certificate as credentials */
        bool placeholder; /* install one before there is a certificate */
        bool dry_run;     /* every run is to be a dry one, */
        bool is_dry_run;  /* and this is for one: the CAs are the staging twins */

        ListenAddress listen[CONFIG_LISTEN_MAX];
        size_t n_listen;
        char *webroot_directory;
        bool stateless;
        char *thumbprint; /* NULL: the account's of the certificate under way */

        ListenAddress alpn_listen[CONFIG_LISTEN_MAX]; /* for tls-alpn-01 */
        size_t n_alpn_listen;

        FirewallMode firewall_mode;
        char *set_family, *set_table, *set_name; /* FIREWALL_SET only */

        char **warnings; /* whole messages about what was passed over: unknown keys and sections */
} Config;

/* name: the certificate's NAME, unchecked, or NULL for acme.conf alone. root: put before every
 * path,
 * "" but in tests. Nothing is logged: many processes read the same files, and those that people
 * start, the client of a renewal that is due and the deploy controller, log the warnings.
 * Return: 0; CONFIG_E_INVALID, ret_error is filled in then; -ENOMEM. ret_error needs no
 * initialisation, and is for config_error_done() in every case. */
enum {
        CONFIG_E_INVALID = 1,
};
int config_load(const char *name, const char *root, Config **ret, ConfigError *ret_error);

/* The same with the CAs' staging twins in the place of the CAs, those that have one: for dry-run.h.
 * CONFIG_E_INVALID also when none has. */
int config_load_staging(const char *name, const char *root, Config **ret, ConfigError *ret_error);

/* The same of an account by its name, unchecked, without a certificate: by acme.conf and the CA's
 * file. A CA that is configured by its URL alone is found in acme.conf. Of a certificate's fields
 * only those of its CA, its account and its types of challenge are filled in. */
int config_load_account(const char *account,
                        const char *root,
                        Config **ret,
                        ConfigError *ret_error);
void config_free(Config *config);
DEFINE_CLEANUP(Config *, config_free);

/* Is the certificate's key kept by somebody else, so that the store has none? */
static inline bool config_key_is_elsewhere(const Config *config)
{
        return config->csr || config->key_uri;
}

/* The setting that says so. */
static inline const char *config_key_setting(const Config *config)
{
        return config->csr ? "CSR" : "Key";
}

/* With identifiers_by_csr: takes what the request is for as the identifiers. Names as in
 * Config.identifiers, or as somebody may have written these.
 * Return: 0; CONFIG_E_INVALID, *ret_reason says why then, to be freed; -ENOMEM. */
int config_adopt_names(Config *config, char *const *names, char **ret_reason);

/* Makes cas[i] the one that is under way. */
void config_use_ca(Config *config, size_t i);

/* Makes key_types[i] the one that is under way. The variant of each: NULL for the first. */
void config_use_key_type(Config *config, size_t i);
const char *config_variant(const Config *config, size_t i);

/* The place in cas of the one with this directory, or this name. Return: n_cas when there is none,
 * and for NULL. */
size_t config_find_directory(const Config *config, const char *directory);
size_t config_find_ca(const Config *config, const char *name);

/* Logs Config.warnings or ConfigError.warnings. */
void config_log_warnings(char *const *warnings);

/* "0.0.0.0:80", "[::]:80", as systemd's ListenStream= takes it. Return: buffer. */
#define LISTEN_ADDRESS_MAX 64U
const char *listen_address_format(const ListenAddress *address,
                                  char buffer[static LISTEN_ADDRESS_MAX]);
uint16_t listen_address_port(const ListenAddress *address);
