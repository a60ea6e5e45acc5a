/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The words for what a target has, and its end. The order of the files is the writer's order: with
 * keys first, who reads in between finds a key that fits nothing yet sooner than a certificate
 * whose key has gone. */

#include "config/deploy-target.h"

#define KEY_MODE 0600
#define CERTIFICATE_MODE 0644
#define OTHERS 0007

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const char *const file_names[DEPLOY_FILE_MAX] = {
                [DEPLOY_PRIVATE_KEY] = "PrivateKey",
                [DEPLOY_BUNDLE] = "Bundle",
                [DEPLOY_PKCS12] = "PKCS12",
                [DEPLOY_CERTIFICATE] = "Certificate",
                [DEPLOY_CHAIN] = "Chain",
                [DEPLOY_FULL_CHAIN] = "FullChain",
};

static const char *const starttls_names[STARTTLS_MAX] = {
                [STARTTLS_SMTP] = "smtp",
                [STARTTLS_IMAP] = "imap",
                [STARTTLS_POP3] = "pop3",
                [STARTTLS_FTP] = "ftp",
                [STARTTLS_LDAP] = "ldap",
                [STARTTLS_POSTGRES] = "postgres",
                [STARTTLS_MYSQL] = "mysql",
                [STARTTLS_XMPP] = "xmpp",
};

bool deploy_label_is_valid(const char *label)
{
        size_t n = strlen(label);

        return n > 0 && n <= DEPLOY_LABEL_MAX && strchr(ALPHANUMERIC, label[0]) &&
               strspn(label, ALPHANUMERIC "_.-") == n;
}

bool deploy_file_has_key(DeployFile file)
{
        return file == DEPLOY_PRIVATE_KEY || file == DEPLOY_BUNDLE || file == DEPLOY_PKCS12;
}

const char *deploy_file_to_string(DeployFile file)
{
        return file_names[file];
}

const char *starttls_to_string(StartTls starttls)
{
        return starttls_names[starttls];
}

StartTls starttls_from_string(const char *s)
{
        for (StartTls i = STARTTLS_NONE + 1; i < STARTTLS_MAX; i++)
                if (streq(starttls_names[i], s))
                        return i;
        return STARTTLS_INVALID;
}

mode_t deploy_target_mode(const DeployTarget *target, DeployFile file)
{
        bool has_key = deploy_file_has_key(file);

        if (!target->has_mode)
                return has_key ? KEY_MODE : CERTIFICATE_MODE;
        return has_key ? target->mode & ~(mode_t) OTHERS : target->mode;
}

const char *deploy_target_path(const DeployTarget *target, size_t i)
{
        return i < DEPLOY_FILE_MAX ? target->paths[i] : target->second_paths[i - DEPLOY_FILE_MAX];
}

void verify_endpoint_done(VerifyEndpoint *endpoint)
{
        free(endpoint->host);
        free(endpoint->sni);
        free(endpoint->text);
        *endpoint = (VerifyEndpoint){};
}

void deploy_target_done(DeployTarget *target)
{
        free(target->label);
        for (DeployFile file = 0; file < DEPLOY_FILE_MAX; file++) {
                free(target->paths[file]);
                free(target->second_paths[file]);
        }
        free(target->pkcs12_password);
        free(target->owner);
        free(target->group);
        strv_free(target->reload);
        strv_free(target->restart);
        strv_free(target->try_reload);
        strv_free(target->exec);
        for (size_t i = 0; i < target->n_verify; i++)
                verify_endpoint_done(&target->verify[i]);
        free(target->verify);
        free(target->after);
        free(target->file);
        *target = (DeployTarget){};
}

void deploy_targets_free(DeployTarget *targets, size_t n)
{
        for (size_t i = 0; i < n; i++)
                deploy_target_done(&targets[i]);
        free(targets);
}
