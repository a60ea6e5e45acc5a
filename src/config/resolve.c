/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What holds, from what was said. Precedence: [Certificate] before [Defaults] before the table's
 * default, for each key as a whole; what the file of a CA says of that one before [Defaults]. */

#include "config/resolve.h"
#include "acme/url.h"
#include "config/account-name.h"
#include "config/ca-name.h"
#include "config/error.h"
#include "config/identifier.h"
#include "config/listen-address.h"
#include "config/value.h"

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

bool resolve_is_yes(const Value *value)
{
        return value->n_words > 0 && streq(value->words[0].text, "yes");
}

const Value *resolve_cas(const Values *values)
{
        return common_value(values, DEFAULTS_CA);
}

const ValueWord *resolve_dns_publisher(const Values *values)
{
        const Value *value = common_value(values, DEFAULTS_DNS_PUBLISHER);

        return value->n_words > 0 ? &value->words[0] : NULL;
}

bool resolve_ca_is_url(const ValueWord *ca)
{
        return strstr(ca->text, "://");
}

int resolve_words(const Value *value, char ***ret)
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

        r = identifier_normalize_any(config->name, &name, &reason);
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

        config->identifiers_by_csr = value->n_words == 0 && config->csr;
        if (config->identifiers_by_csr)
                return 0;
        if (value->n_words == 0)
                return identify_by_name(certificate_file, config, ret_error);
        r = resolve_words(value, &config->identifiers);
        if (r < 0)
                return r;
        strv_sort_unique(config->identifiers);
        return 0;
}

/* The directory's own first, and none twice. */
static int resolve_origins(const Value *more, ConfigCa *ca)
{
        _cleanup_free_ char *origin = NULL;
        int r;

        r = acme_url_origin(ca->directory, &origin);
        if (r < 0)
                return r;
        r = strv_append(&ca->origins, origin);
        if (r < 0)
                return r;
        FOREACH_ARRAY (word, more->words, more->n_words) {
                if (strv_contains(ca->origins, word->text))
                        continue;
                r = strv_append(&ca->origins, word->text);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Name, account and directory. */
static int
resolve_names(const Values *values, const ValueWord *word, const char *directory, ConfigCa *ca)
{
        int r;

        r = resolve_ca_is_url(word) ? ca_name_from_url(directory, &ca->name)
                                    : free_and_strdup(&ca->name, word->text);
        if (r == 0)
                r = account_name_format(ca->name,
                                        text_of(common_value(values, DEFAULTS_ACCOUNT)),
                                        &ca->account);
        return r == 0 ? free_and_strdup(&ca->directory, directory) : r;
}

/* What the CA's file says of it comes before what [Defaults] says of all. */
static const Value *value_for_ca(const Values *values, size_t common_key, size_t ca_key)
{
        const Value *own = &values->values[SECTION_CERTIFICATE][common_key];
        const Value *of_ca = &values->values[SECTION_CA][ca_key];

        if (own->n_words > 0)
                return own;
        return of_ca->n_words > 0 ? of_ca : &values->values[SECTION_DEFAULTS][common_key];
}

const char *resolve_directory(const Values *values, const ValueWord *ca)
{
        return resolve_ca_is_url(ca) ? ca->text
                                     : text_of(&values->values[SECTION_CA][CA_DIRECTORY]);
}

int resolve_ca(const Values *values,
               const ValueWord *ca,
               const char *ca_file,
               ConfigCa *ret,
               ConfigError *ret_error)
{
        const Value *section = values->values[SECTION_CA];
        const char *directory = resolve_directory(values, ca);
        int r;

        if (!directory)
                return config_error_set(ret_error,
                                        ca_file,
                                        0,
                                        "Directory",
                                        "There is no Directory= in the section [CA]: the CA's "
                                        "directory URL is wanted");
        r = resolve_names(values, ca, directory, ret);
        if (r == 0)
                r = resolve_origins(&section[CA_ORIGINS], ret);
        if (r == 0)
                r = free_and_strdup(&ret->trust,
                                    text_of(value_for_ca(values, DEFAULTS_TRUST, CA_TRUST)));
        if (r == 0)
                r = resolve_account_key(&section[CA_ACCOUNT_KEY],
                                        text_of(common_value(values, DEFAULTS_ACCOUNT)),
                                        ret);
        ret->terms_of_service_agreed = resolve_is_yes(value_for_ca(values,
                                                                   DEFAULTS_TERMS_OF_SERVICE_AGREED,
                                                                   CA_TERMS_OF_SERVICE_AGREED));
        return r;
}

int resolve_account(const Values *values, Config *config)
{
        const Value *challenge = common_value(values, DEFAULTS_CHALLENGE);

        FOREACH_ARRAY (word, challenge->words, challenge->n_words)
                config->challenges[config->n_challenges++] = challenge_type_from_string(word->text);
        config->account_key_type = key_type_from_string(
                        text_of(common_value(values, DEFAULTS_ACCOUNT_KEY_TYPE)));
        return resolve_words(common_value(values, DEFAULTS_CONTACT), &config->contact);
}

/* Who has targets or consumers has something that waits for a certificate. */
static int resolve_use(Values *values, Config *config, ConfigError *ret_error)
{
        const Value *section = values->values[SECTION_CERTIFICATE];
        const Value *placeholder = &section[CERTIFICATE_PLACEHOLDER];
        int r;

        r = resolve_words(&section[CERTIFICATE_CONSUMERS], &config->consumers);
        if (r == 0)
                r = resolve_deploy(values, config, ret_error);
        config->dry_run = resolve_is_yes(&section[CERTIFICATE_DRY_RUN]);
        config->placeholder = placeholder->n_words > 0 ? resolve_is_yes(placeholder)
                              : config_key_is_elsewhere(config)
                                              ? false
                                              : config->n_deploy > 0 || config->consumers;
        return r == 0 ? resolve_key_use(values, config, ret_error) : r;
}

/* Where it is said; NAME itself stands nowhere. */
static int refuse_identifier(const Values *values, const char *identifier, ConfigError *ret_error)
{
        const Value *value = &values->values[SECTION_CERTIFICATE][CERTIFICATE_IDENTIFIERS];
        const ValueWord *at = NULL;

        FOREACH_ARRAY (word, value->words, value->n_words)
                if (streq(word->text, identifier))
                        at = word;
        return config_error_set(ret_error,
                                at ? at->file : NULL,
                                at ? at->line : 0,
                                "Identifiers",
                                "No type of Challenge= can prove %s of Identifiers=: a wildcard "
                                "needs dns-01, an IP address or a name of more than 237 "
                                "characters another one",
                                identifier);
}

bool resolve_can_prove(const Config *config, const char *identifier)
{
        const char *base = startswith(identifier, "*.");

        FOREACH_ARRAY (type, config->challenges, config->n_challenges)
                if (challenge_type_can_prove(*type, base ?: identifier, base))
                        return true;
        return false;
}

/* Who takes what may still change has to say that they know. */
static int check_experimental(const Values *values, const Config *config, ConfigError *ret_error)
{
        const Value *value = common_value(values, DEFAULTS_CHALLENGE);
        const Value *allowed = common_value(values, DEFAULTS_EXPERIMENTAL);

        for (size_t i = 0; i < config->n_challenges; i++) {
                const ValueWord *word = &value->words[i];
                bool is_allowed = !challenge_type_is_experimental(config->challenges[i]);

                FOREACH_ARRAY (other, allowed->words, allowed->n_words)
                        is_allowed = is_allowed || streq(other->text, word->text);
                if (!is_allowed)
                        return config_error_set(ret_error,
                                                word->file,
                                                word->line,
                                                "Challenge",
                                                "Challenge=%s is refused: its specification is a "
                                                "draft, and what it needs may change. To use it "
                                                "all the same, write Experimental=%s",
                                                word->text,
                                                word->text);
        }
        return 0;
}

/* Each identifier has to be one that one of the types can prove. */
static int check_challenges(const Values *values, Config *config, ConfigError *ret_error)
{
        const Value *value = common_value(values, DEFAULTS_CHALLENGE);
        int r;

        STRV_FOREACH (identifier, config->identifiers) {
                if (!resolve_can_prove(config, *identifier))
                        return refuse_identifier(values, *identifier, ret_error);
        }
        r = check_experimental(values, config, ret_error);
        return r != 0 ? r : resolve_dns_require(config, &value->words[0], ret_error);
}

/* Of one kind a server takes one certificate for a name. */
static int resolve_key_types(const Value *value, Config *config, ConfigError *ret_error)
{
        FOREACH_ARRAY (word, value->words, value->n_words)
                config->key_types[config->n_key_types++] = key_type_from_string(word->text);
        config_use_key_type(config, 0);
        if (config->n_key_types < 2 ||
            !streq(key_type_family(config->key_types[0]), key_type_family(config->key_types[1])))
                return 0;
        return config_error_set(
                        ret_error,
                        value->words[1].file,
                        value->words[1].line,
                        "KeyType",
                        "KeyType=%s %s is refused: these are two keys of one kind, of which "
                        "a server uses one only. Allowed: one type, or two: one ec and one "
                        "rsa",
                        value->words[0].text,
                        value->words[1].text);
}

static int resolve_certificate(Values *values,
                               const ConfigFiles *files,
                               Config *config,
                               ConfigError *ret_error)
{
        int r;

        r = resolve_key(values, files->root, config, ret_error);
        if (r == 0)
                r = resolve_identifiers(values, files->certificate, config, ret_error);
        if (r != 0)
                return r;
        r = resolve_account(values, config);
        if (r < 0)
                return r;
        r = resolve_words(common_value(values, DEFAULTS_PROFILE), &config->profiles);
        if (r < 0)
                return r;
        r = free_and_strdup(&config->preferred_chain,
                            text_of(common_value(values, DEFAULTS_PREFERRED_CHAIN)));
        if (r < 0)
                return r;
        config->lifetime_usec = value_span_usec(text_of(common_value(values, DEFAULTS_LIFETIME)));
        config->backdate_usec = value_span_usec(text_of(common_value(values, DEFAULTS_BACKDATE)));
        config->profile_required = resolve_is_yes(common_value(values, DEFAULTS_PROFILE_REQUIRED));
        config->renew_key = resolve_is_yes(common_value(values, DEFAULTS_RENEW_KEY));
        r = resolve_key_types(common_value(values, DEFAULTS_KEY_TYPE), config, ret_error);
        if (r == 0)
                r = resolve_dns(values, files->dns, config, ret_error);
        if (r == 0)
                r = check_challenges(values, config, ret_error);
        return r != 0 ? r : resolve_use(values, config, ret_error);
}

static bool has_address(const ListenAddress *list, size_t n, const ListenAddress *address)
{
        FOREACH_ARRAY (other, list, n) {
                if (listen_address_equal(other, address))
                        return true;
        }
        return false;
}

/* Each address once. */
static int resolve_listen(const Value *listen,
                          ListenAddress list[static CONFIG_LISTEN_MAX],
                          size_t *n_list,
                          ConfigError *ret_error)
{
        const char *reason;

        FOREACH_ARRAY (word, listen->words, listen->n_words) {
                ListenAddress addresses[LISTEN_ADDRESSES_PER_WORD];
                size_t n = listen_address_parse(word->text, addresses, &reason);

                FOREACH_ARRAY (address, addresses, n) {
                        if (has_address(list, *n_list, address))
                                continue;
                        if (*n_list == CONFIG_LISTEN_MAX)
                                return config_error_set(ret_error,
                                                        word->file,
                                                        word->line,
                                                        "Listen",
                                                        "Listen= has more than %u addresses, which "
                                                        "is the limit",
                                                        CONFIG_LISTEN_MAX);
                        list[(*n_list)++] = *address;
                }
        }
        return 0;
}

static int resolve_webroot(const Values *values, Config *config, ConfigError *ret_error)
{
        const Value *section = values->values[SECTION_WEBROOT];
        int r;

        r = resolve_listen(&section[WEBROOT_LISTEN], config->listen, &config->n_listen, ret_error);
        if (r == 0)
                r = resolve_listen(&values->values[SECTION_ALPN][ALPN_LISTEN],
                                   config->alpn_listen,
                                   &config->n_alpn_listen,
                                   ret_error);
        if (r != 0)
                return r;
        config->stateless = resolve_is_yes(&section[WEBROOT_STATELESS]);
        if (free_and_strdup(&config->thumbprint, text_of(&section[WEBROOT_THUMBPRINT])) < 0)
                return -ENOMEM;
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

int resolve_config(Values *values, const ConfigFiles *files, Config *config, ConfigError *ret_error)
{
        int r;

        r = resolve_webroot(values, config, ret_error);
        if (r != 0)
                return r;
        r = resolve_firewall(values, config, ret_error);
        if (r != 0 || !config->name)
                return r;
        return resolve_certificate(values, files, config, ret_error);
}
