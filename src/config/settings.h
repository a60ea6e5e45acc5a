/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every section and every key that a configuration file may have: one table per section. The
 * reader, the tests of the manual pages and of the shipped files, and tools draw from it, and so
 * does what an error message says is allowed. */

#include "config/deploy-target.h"

/* The kinds of files. */
typedef enum ConfigFile {
        CONFIG_FILE_MAIN,        /* acme.conf, acme.conf.d/ */
        CONFIG_FILE_CERTIFICATE, /* certs/NAME.conf, certs/NAME.conf.d/ */
        CONFIG_FILE_CA,          /* ca.d/ */
        CONFIG_FILE_DNS,         /* dns.d/ */
        CONFIG_FILE_MAX,
} ConfigFile;

/* For messages: "acme.conf", "certs/NAME.conf", "ca.d/NAME.conf", "dns.d/NAME.conf".
 */
const char *config_file_to_string(ConfigFile file);

typedef enum SectionId {
        SECTION_DEFAULTS,
        SECTION_CERTIFICATE,
        SECTION_DEPLOY,
        SECTION_WEBROOT,
        SECTION_ALPN,
        SECTION_FIREWALL,
        SECTION_CA,
        SECTION_DNS,
        SECTION_MAX,
} SectionId;

/* Keys by section. [Certificate] has those of [Defaults] at the same places, and its own behind. */
enum {
        DEFAULTS_CA,
        DEFAULTS_ACCOUNT,
        DEFAULTS_CONTACT,
        DEFAULTS_TERMS_OF_SERVICE_AGREED,
        DEFAULTS_KEY_TYPE,
        DEFAULTS_ACCOUNT_KEY_TYPE,
        DEFAULTS_RENEW_KEY,
        DEFAULTS_TRUST,
        DEFAULTS_PROFILE,
        DEFAULTS_PROFILE_REQUIRED,
        DEFAULTS_PREFERRED_CHAIN,
        DEFAULTS_LIFETIME,
        DEFAULTS_BACKDATE,
        DEFAULTS_CHALLENGE,
        DEFAULTS_EXPERIMENTAL,
        DEFAULTS_DNS_PUBLISHER,
        DEFAULTS_MAX,
        CERTIFICATE_IDENTIFIERS = DEFAULTS_MAX,
        CERTIFICATE_CONSUMERS,
        CERTIFICATE_PLACEHOLDER,
        CERTIFICATE_CSR,
        CERTIFICATE_DRY_RUN,
        CERTIFICATE_KEY,
        CERTIFICATE_MAX,

        /* The files stand before these, by their DeployFile. */
        TARGET_OWNER = DEPLOY_FILE_MAX,
        TARGET_GROUP,
        TARGET_MODE,
        TARGET_PKCS12_PASSWORD,
        TARGET_RELOAD,
        TARGET_RESTART,
        TARGET_TRY_RELOAD,
        TARGET_EXEC,
        TARGET_VERIFY,
        TARGET_AFTER,
        TARGET_MAX,

        WEBROOT_LISTEN = 0,
        WEBROOT_DIRECTORY,
        WEBROOT_STATELESS,
        WEBROOT_THUMBPRINT,
        WEBROOT_MAX,

        ALPN_LISTEN = 0,
        ALPN_MAX,

        FIREWALL_KEY_MODE = 0,
        FIREWALL_KEY_SET,
        FIREWALL_MAX,

        CA_DIRECTORY = 0,
        CA_ORIGINS,
        CA_TRUST,
        CA_TERMS_OF_SERVICE_AGREED,
        CA_STAGING,
        CA_ACCOUNT_KEY,
        CA_MAX,

        DNS_SERVER = 0,
        DNS_ZONE,
        DNS_KEY,
        DNS_PROGRAM,
        DNS_CONVENTION,
        DNS_CREDENTIALS,
        DNS_PROPAGATION,
        DNS_MAX,

        SETTINGS_PER_SECTION_MAX =
                        CERTIFICATE_MAX > TARGET_MAX ? (int) CERTIFICATE_MAX : (int) TARGET_MAX,
};

/* Checks one word of a value and writes it in its one normal form.
 * Return: 0; VALUE_E_INVALID (value.h), *ret_reason says why then, a constant; -ENOMEM. */
typedef int (*SettingCheck)(const char *word, char **ret, const char **ret_reason);

typedef struct Setting {
        const char *key;
        const char *allowed; /* "yes or no": what may stand behind the '=', for people */
        const char *initial; /* the default, as a file would say it; NULL: none */
        unsigned list_max;   /* how many words a list may have; 0: no list, one value */
        SettingCheck check;
        bool is_whole; /* a list that the next assignment does not add to but takes the place of */
        bool is_by_line; /* a list with one word for each assignment, blanks inside and all */
} Setting;

typedef struct Section {
        const char *name;
        const char *title; /* for people: the name, and what stands for a label */
        bool is_labelled;  /* [Name LABEL], one section for each label */
        ConfigFile file;   /* where it may stand */
        const Setting *settings;
        size_t n_settings;
} Section;

extern const Section sections[SECTION_MAX];

/* By what stands between the brackets: "Firewall", "Deploy nginx". ret_label: borrowed, unchecked,
 * "" where one is missing; NULL for sections without labels. Return: NULL when there is none. */
const Section *section_match(const char *head, const char **ret_label);
/* By the names' exact spelling. Return: NULL when there is none. */
const Section *section_find(const char *name);
const Setting *setting_find(const Section *section, const char *key);
