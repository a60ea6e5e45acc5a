/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What holds, from what was said. Precedence: [Certificate] before [Defaults] before the table's
 * default, for each key as a whole; Trust= of the CA's file, which knows its CA, before that of
 * [Defaults]. */

#include "config/resolve.h"
#include "acme/url.h"
#include "config/ca-name.h"
#include "config/error.h"
#include "config/identifier.h"
#include "config/listen-address.h"

/* Return: NULL when nothing is said. */
static const char *text_of(const Value *value)
{
        return value->n_words > 0 ? value->words[0].text : NULL;
}

/* key: one of [Defaults]. */
static const Value *common_value(const Values *values, size_t key)
{
        const Value *own = &values->values[SECTION_CERTIFICATE][key];

        return own->n_words > 0 ? own : &values->values[SECTION_DEFAULTS][key];
}

static bool is_yes(const Value *value)
{
        return value->n_words > 0 && streq(value->words[0].text, "yes");
}

const ValueWord *resolve_ca(const Values *values)
{
        return &common_value(values, DEFAULTS_CA)->words[0];
}

bool resolve_ca_is_url(const ValueWord *ca)
{
        return strstr(ca->text, "://");
}

/* ret: empty before. */
static int copy_words(const Value *value, char ***ret)
{
        _cleanup_strv_free_ char **list = calloc(value->n_words + 1, sizeof(char *));

        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < value->n_words; i++) {
                list[i] = strdup(value->words[i].text);
                if (!list[i])
                        return -ENOMEM;
        }
        if (value->n_words > 0)
                *ret = TAKE_PTR(list);
        return 0;
}

/* Nothing names them: NAME itself is the one, if it can be. */
static int identify_by_name(const char *certificate_file, Config *config, ConfigError *ret_error)
{
        _cleanup_free_ char *name = NULL;
        const char *reason = "it is a single word";
        int r;

        r = identifier_normalize(config->name, &name, &reason);
        if (r < 0)
                return r;
        /* A single word is a file's name much sooner than a host's that a CA could know. */
        if (r > 0 || !strchr(name, '.'))
                return config_error_set(ret_error,
                                        certificate_file,
                                        0,
                                        "Identifiers",
                                        "There is no Identifiers=, and the name %s cannot stand in "
                                        "for it: %s. Write the "
                                        "DNS names into this file, as Identifiers= in the section "
                                        "[Certificate]",
                                        config->name,
                                        reason);
        return strv_append(&config->identifiers, name);
}

static int resolve_identifiers(const Values *values,
                               const char *certificate_file,
                               Config *config,
                               ConfigError *ret_error)
{
        const Value *value = &values->values[SECTION_CERTIFICATE][CERTIFICATE_IDENTIFIERS];
        int r;

        if (value->n_words == 0)
                return identify_by_name(certificate_file, config, ret_error);
        r = copy_words(value, &config->identifiers);
        if (r < 0)
                return r;
        strv_sort_unique(config->identifiers);
        return 0;
}

/* The directory's own first, and none twice. */
static int resolve_origins(const Value *more, Config *config)
{
        _cleanup_free_ char *origin = NULL;
        int r;

        r = acme_url_origin(config->directory, &origin);
        if (r < 0)
                return r;
        r = strv_append(&config->origins, origin);
        if (r < 0)
                return r;
        FOREACH_ARRAY (word, more->words, more->n_words) {
                if (strv_contains(config->origins, word->text))
                        continue;
                r = strv_append(&config->origins, word->text);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ca, directory, origins. */
static int
resolve_directory(const Values *values, const char *ca_file, Config *config, ConfigError *ret_error)
{
        const Value *section = values->values[SECTION_CA];
        const ValueWord *ca = resolve_ca(values);
        bool is_url = resolve_ca_is_url(ca);
        const char *directory = is_url ? ca->text : text_of(&section[CA_DIRECTORY]);
        int r;

        if (!directory)
                return config_error_set(ret_error,
                                        ca_file,
                                        0,
                                        "Directory",
                                        "There is no Directory= in the section [CA]: the CA's "
                                        "directory URL is wanted");
        r = is_url ? ca_name_from_url(directory, &config->ca)
                   : free_and_strdup(&config->ca, ca->text);
        if (r < 0)
                return r;
        r = free_and_strdup(&config->directory, directory);
        if (r < 0)
                return r;
        return resolve_origins(&section[CA_ORIGINS], config);
}

static const char *resolve_trust(const Values *values)
{
        const Value *own = &values->values[SECTION_CERTIFICATE][DEFAULTS_TRUST];
        const Value *of_ca = &values->values[SECTION_CA][CA_TRUST];

        if (own->n_words > 0)
                return text_of(own);
        if (of_ca->n_words > 0)
                return text_of(of_ca);
        return text_of(&values->values[SECTION_DEFAULTS][DEFAULTS_TRUST]);
}

static int resolve_certificate(const Values *values,
                               const char *certificate_file,
                               const char *ca_file,
                               Config *config,
                               ConfigError *ret_error)
{
        int r;

        r = resolve_identifiers(values, certificate_file, config, ret_error);
        if (r != 0)
                return r;
        r = resolve_directory(values, ca_file, config, ret_error);
        if (r != 0)
                return r;
        r = free_and_strdup(&config->trust, resolve_trust(values));
        if (r < 0)
                return r;
        r = copy_words(common_value(values, DEFAULTS_CONTACT), &config->contact);
        if (r < 0)
                return r;
        config->terms_of_service_agreed =
                        is_yes(common_value(values, DEFAULTS_TERMS_OF_SERVICE_AGREED));
        config->renew_key = is_yes(common_value(values, DEFAULTS_RENEW_KEY));
        config->key_type = key_type_from_string(text_of(common_value(values, DEFAULTS_KEY_TYPE)));
        config->account_key_type = key_type_from_string(
                        text_of(common_value(values, DEFAULTS_ACCOUNT_KEY_TYPE)));
        return 0;
}

static bool has_address(const Config *config, const ListenAddress *address)
{
        FOREACH_ARRAY (other, config->listen, config->n_listen) {
                if (listen_address_equal(other, address))
                        return true;
        }
        return false;
}

static int resolve_webroot(const Values *values, Config *config, ConfigError *ret_error)
{
        const Value *section = values->values[SECTION_WEBROOT], *listen = &section[WEBROOT_LISTEN];
        const char *reason;

        FOREACH_ARRAY (word, listen->words, listen->n_words) {
                ListenAddress addresses[LISTEN_ADDRESSES_PER_WORD];
                size_t n = listen_address_parse(word->text, addresses, &reason);

                FOREACH_ARRAY (address, addresses, n) {
                        if (has_address(config, address))
                                continue;
                        if (config->n_listen == CONFIG_LISTEN_MAX)
                                return config_error_set(ret_error,
                                                        word->file,
                                                        word->line,
                                                        "Listen",
                                                        "Listen= has more than %u addresses, which "
                                                        "is the limit",
                                                        CONFIG_LISTEN_MAX);
                        config->listen[config->n_listen++] = *address;
                }
        }
        return free_and_strdup(&config->webroot_directory, text_of(&section[WEBROOT_DIRECTORY]));
}

/* set: three words, one space between. */
static int take_set(const char *set, Config *config)
{
        const char *table = strchr(set, ' ') + 1, *name = strchr(table, ' ') + 1;

        config->set_family = strndup(set, (size_t) (table - 1 - set));
        config->set_table = strndup(table, (size_t) (name - 1 - table));
        config->set_name = strdup(name);
        return config->set_family && config->set_table && config->set_name ? 0 : -ENOMEM;
}

static int warn_unused(Values *values, const ValueWord *set)
{
        return values_warn(values, set->file, set->line, "Set= is used with Mode=set only");
}

static int resolve_firewall(Values *values, Config *config, ConfigError *ret_error)
{
        const Value *section = values->values[SECTION_FIREWALL], *set = &section[FIREWALL_KEY_SET];
        const ValueWord *mode = &section[FIREWALL_KEY_MODE].words[0];

        config->firewall_mode = FIREWALL_AUTO;
        if (streq(mode->text, "off"))
                config->firewall_mode = FIREWALL_OFF;
        if (!streq(mode->text, "set"))
                return set->n_words > 0 ? warn_unused(values, &set->words[0]) : 0;
        config->firewall_mode = FIREWALL_SET;
        if (set->n_words == 0)
                return config_error_set(
                                ret_error,
                                mode->file,
                                mode->line,
                                "Mode",
                                "Mode=set needs Set= in the same section. Allowed: %s",
                                sections[SECTION_FIREWALL].settings[FIREWALL_KEY_SET].allowed);
        return take_set(set->words[0].text, config);
}

int resolve_config(Values *values,
                   const char *certificate_file,
                   const char *ca_file,
                   Config *config,
                   ConfigError *ret_error)
{
        int r;

        r = resolve_webroot(values, config, ret_error);
        if (r != 0)
                return r;
        r = resolve_firewall(values, config, ret_error);
        if (r != 0 || !config->name)
                return r;
        return resolve_certificate(values, certificate_file, ca_file, config, ret_error);
}
