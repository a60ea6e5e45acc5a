/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From what the files say to what holds. */

#include "config/values.h"

/* The CA= that holds for the certificate: names and URLs, at least one. values are filled
 * (values_fill_initial()). */
const Value *resolve_cas(const Values *values);
bool resolve_ca_is_url(const ValueWord *ca);

/* The CA's directory URL; its file has been read unless ca is a URL. Return: NULL when it has none.
 */
const char *resolve_directory(const Values *values, const ValueWord *ca);

/* The words of value as a list; ret is empty before, and stays so when there are none.
 * Return: 0, -ENOMEM. */
int resolve_words(const Value *value, char ***ret);
bool resolve_is_yes(const Value *value);

/* DNSPublisher=. Return: NULL when nothing is said. */
const ValueWord *resolve_dns_publisher(const Values *values);

/* config->dns (resolve-dns.c); dns_file has been read if there is one. Return: as resolve_config().
 */
int resolve_dns(const Values *values, const char *dns_file, Config *config, ConfigError *ret_error);

/* Refuses dns-01 among config->challenges, which challenge has said, where nobody publishes. */
int resolve_dns_require(const Config *config, const ValueWord *challenge, ConfigError *ret_error);

/* Fills in one of them. Its file, ca_file, has been read unless ca is a URL. Return: as
 * resolve_config(). */
int resolve_ca(const Values *values,
               const ValueWord *ca,
               const char *ca_file,
               ConfigCa *ret,
               ConfigError *ret_error);

/* config->deploy, for a certificate (resolve-deploy.c). Return: as resolve_config(). */
int resolve_deploy(Values *values, Config *config, ConfigError *ret_error);

/* Whose key the certificate has, and what cannot be had then (resolve-key.c): resolve_key() is for
 * before the identifiers are known, resolve_key_use() for when all else is. root: as
 * config_load()'s. Return: as resolve_config(). */
int resolve_key(const Values *values, const char *root, Config *config, ConfigError *ret_error);
int resolve_account_key(const Value *keys, const char *label, ConfigCa *ca);
int resolve_key_use(const Values *values, Config *config, ConfigError *ret_error);

/* Can one of config->challenges prove it? */
bool resolve_can_prove(const Config *config, const char *identifier);

/* Fills in what config's account has in common at all CAs, and the types of challenge that are
 * answered with it. Return: 0, -ENOMEM. */
int resolve_account(const Values *values, Config *config);

/* Where settings that are missing would stand. */
typedef struct ConfigFiles {
        const char *certificate; /* Identifiers= */
        const char *root;        /* before all that a setting names */
        const char *dns;
} ConfigFiles;

/* Fills in config from values. config->name is set, or NULL for acme.conf alone. With a name,
 * config->cas are filled in already. Warnings are appended to values'. Return: 0;
 * CONFIG_E_INVALID, ret_error is filled in then; -ENOMEM. */
int resolve_config(Values *values,
                   const ConfigFiles *files,
                   Config *config,
                   ConfigError *ret_error);
