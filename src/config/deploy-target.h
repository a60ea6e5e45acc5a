/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What one [Deploy LABEL] section of certs/NAME.conf wants: which files, owned by whom, which units
 * to tell, and where to look whether it has arrived. Checked and normalised; that a path, a user or
 * a unit exists is for those to find out who use it. */

#include <sys/types.h>

#include "base/strv.h"

/* A label is a file name and part of a unit's instance. */
#define DEPLOY_LABEL_MAX 32U
#define DEPLOY_LABEL_GRAMMAR "[A-Za-z0-9][A-Za-z0-9_.-]{0,31}"
bool deploy_label_is_valid(const char *label);

#define DEPLOY_TARGETS_MAX 32U
#define DEPLOY_UNITS_MAX 32U  /* in each of Reload=, Restart=, TryReload=, and in Consumers= */
#define DEPLOY_VERIFY_MAX 32U /* Verify= of one target */

/* Keys come first: this is the order of the renames. */
typedef enum DeployFile {
        DEPLOY_PRIVATE_KEY,
        DEPLOY_BUNDLE,
        DEPLOY_PKCS12,
        DEPLOY_CERTIFICATE,
        DEPLOY_CHAIN,
        DEPLOY_FULL_CHAIN,
        DEPLOY_FILE_MAX,
} DeployFile;

bool deploy_file_has_key(DeployFile file);
const char *deploy_file_to_string(DeployFile file); /* the setting: "PrivateKey", … */

typedef enum StartTls {
        STARTTLS_NONE,
        STARTTLS_SMTP,
        STARTTLS_IMAP,
        STARTTLS_POP3,
        STARTTLS_FTP,
        STARTTLS_LDAP,
        STARTTLS_POSTGRES,
        STARTTLS_MYSQL,
        STARTTLS_XMPP,
        STARTTLS_MAX,
        STARTTLS_INVALID = -1,
} StartTls;

const char *starttls_to_string(StartTls starttls); /* "smtp", …; NULL for STARTTLS_NONE */
StartTls starttls_from_string(const char *s);

typedef struct VerifyEndpoint {
        char *host; /* a DNS name, an IPv4 address, or an IPv6 address without its brackets */
        uint16_t port;
        StartTls starttls;
        char *sni;  /* NULL: the first identifier */
        char *text; /* the whole in its one spelling: "[::1]:25 starttls=smtp sni=a.example" */
} VerifyEndpoint;

typedef struct DeployTarget {
        char *label;
        char *paths[DEPLOY_FILE_MAX];        /* absolute and normalised; NULL: not wanted */
        char *second_paths[DEPLOY_FILE_MAX]; /* of the second key type; NULL: there is none */
        char *pkcs12_password; /* the absolute path of a file with the password, or the name of a
                                  system credential, as LoadCredential= takes it (systemd.exec(5));
                                  never NULL where PKCS12= is wanted */
        char *owner, *group;   /* names or numbers; NULL: root, and the owner's primary group */
        mode_t mode;           /* for deploy_target_mode() */
        bool has_mode;
        char **reload, **restart, **try_reload; /* unit names */
        char **exec; /* an absolute program and its arguments; NULL: none */
        VerifyEndpoint *verify;
        size_t n_verify;
        char *after; /* another target's label; there are no cycles. NULL: none */
        char *file;  /* where the section begins, for messages */
        unsigned line;
} DeployTarget;

/* All of them, by an i below DEPLOY_PATHS_MAX; NULL: not wanted. */
#define DEPLOY_PATHS_MAX (2 * DEPLOY_FILE_MAX)
const char *deploy_target_path(const DeployTarget *target, size_t i);

/* What the file is to have: 0600 with a key, 0644 without one, or Mode=; never a bit for others
 * where there is a key inside. */
mode_t deploy_target_mode(const DeployTarget *target, DeployFile file);

void deploy_target_done(DeployTarget *target);
void deploy_targets_free(DeployTarget *targets, size_t n);
void verify_endpoint_done(VerifyEndpoint *endpoint);
