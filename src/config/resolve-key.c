/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A certificate whose key is not ours: what is refused then is what would need the key. The request
 * itself is not read here, where no room but the signer could take it apart; all that is looked at
 * is when it has changed. */

#include <sys/stat.h>

#include "acme/challenge-type.h"
#include "base/escape.h"
#include "config/error.h"
#include "config/identifier.h"
#include "config/resolve.h"

/* A file that was moved to its place has its old time of modification. */
static int note_change(const char *root, Config *config)
{
        _cleanup_free_ char *path = NULL;
        struct stat st;

        if (asprintf(&path, "%s%s", root, config->csr) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (stat(path, &st) == 0 && st.st_ctim.tv_sec > 0)
                config->csr_usec = (usec_t) st.st_ctim.tv_sec * USEC_PER_SEC +
                                   (usec_t) st.st_ctim.tv_nsec / 1000;
        return 0;
}

int resolve_key(const Values *values, const char *root, Config *config, ConfigError *ret_error)
{
        const Value *csr = &values->values[SECTION_CERTIFICATE][CERTIFICATE_CSR];
        const Value *uri = &values->values[SECTION_CERTIFICATE][CERTIFICATE_KEY];
        const Value *type = &values->values[SECTION_CERTIFICATE][DEFAULTS_KEY_TYPE];
        int r;

        if (csr->n_words == 0 && uri->n_words == 0)
                return 0;
        if (csr->n_words > 0 && uri->n_words > 0)
                return config_error_set(ret_error,
                                        uri->words[0].file,
                                        uri->words[0].line,
                                        "Key",
                                        "Key=%s is refused: with CSR= the key is somebody else's "
                                        "already. Leave one of the two out",
                                        uri->words[0].text);
        if (type->n_words > 0)
                return config_error_set(ret_error,
                                        type->words[0].file,
                                        type->words[0].line,
                                        "KeyType",
                                        "KeyType=%s is refused: with %s= the key is there already, "
                                        "of whichever type. Leave one of the two out",
                                        type->words[0].text,
                                        csr->n_words > 0 ? "CSR" : "Key");
        if (uri->n_words > 0)
                return free_and_strdup(&config->key_uri, uri->words[0].text);
        r = free_and_strdup(&config->csr, csr->words[0].text);
        return r == 0 ? note_change(root, config) : r;
}

/* Each in its own line, "LABEL URI", and "URI" for the account without a label. */
int resolve_account_key(const Value *keys, const char *label, ConfigCa *ca)
{
        FOREACH_ARRAY (word, keys->words, keys->n_words) {
                const char *blank = strchr(word->text, ' ');
                size_t length = blank ? (size_t) (blank - word->text) : 0;

                if (strlen(label ?: "") == length && strncmp(label ?: "", word->text, length) == 0)
                        return free_and_strdup(&ca->account_key, blank ? blank + 1 : word->text);
        }
        return 0;
}

static int refuse_file(const Config *config,
                       const LabelledValues *said,
                       DeployFile file,
                       ConfigError *ret_error)
{
        const ValueWord *word = &said->values[file].words[0];

        return config_error_set(ret_error,
                                word->file,
                                word->line,
                                deploy_file_to_string(file),
                                "%s=%s is refused: a file with the private key is wanted, and with "
                                "%s= the key is not acmeward's to hand on. Allowed: Certificate=, "
                                "Chain= and FullChain=, beside the key where it is",
                                deploy_file_to_string(file),
                                word->text,
                                config_key_setting(config));
}

/* The room that changes the zone reads no requests: it has to find the names in the configuration.
 */
static int check_dns(const Values *values, const Config *config, ConfigError *ret_error)
{
        const ValueWord *word = &values->values[SECTION_CERTIFICATE][CERTIFICATE_CSR].words[0];

        for (size_t i = 0; config->identifiers_by_csr && i < config->n_challenges; i++)
                if (config->challenges[i] == CHALLENGE_TYPE_DNS01)
                        return config_error_set(
                                        ret_error,
                                        word->file,
                                        word->line,
                                        "CSR",
                                        "CSR=%s is refused: Challenge= has dns-01, and what "
                                        "changes the zone has to know the names without the "
                                        "request. Write them down as Identifiers=",
                                        word->text);
        return 0;
}

/* One request is for one key. */
static int refuse_two_types(const Values *values, ConfigError *ret_error)
{
        const ValueWord *csr = &values->values[SECTION_CERTIFICATE][CERTIFICATE_CSR].words[0];

        return config_error_set(ret_error,
                                csr->file,
                                csr->line,
                                "CSR",
                                "CSR=%s is refused: KeyType= has two types, and a signing request "
                                "is for one key. Set KeyType= to one type in the section "
                                "[Certificate]",
                                csr->text);
}

int resolve_key_use(const Values *values, Config *config, ConfigError *ret_error)
{
        const Value *placeholder = &values->values[SECTION_CERTIFICATE][CERTIFICATE_PLACEHOLDER];

        if (!config_key_is_elsewhere(config))
                return 0;
        if (config->n_key_types > 1)
                return refuse_two_types(values, ret_error);
        if (config->placeholder)
                return config_error_set(ret_error,
                                        placeholder->words[0].file,
                                        placeholder->words[0].line,
                                        "Placeholder",
                                        "Placeholder=yes is refused: with %s= the server has a "
                                        "key that no placeholder can be made for. Leave one of "
                                        "the two out",
                                        config_key_setting(config));
        for (size_t i = 0; i < values->n_targets; i++)
                for (DeployFile file = 0; file < DEPLOY_FILE_MAX; file++)
                        if (deploy_file_has_key(file) &&
                            values->targets[i].values[file].n_words > 0)
                                return refuse_file(config, &values->targets[i], file, ret_error);
        return check_dns(values, config, ret_error);
}

/* Return: CONFIG_E_INVALID, -ENOMEM. */
static int refuse_name(const char *name, const char *reason, char **ret_reason)
{
        _cleanup_free_ char *shown = escape_foreign(name, strlen(name), FOREIGN_TEXT_MAX);

        if (!shown || asprintf(ret_reason, "it is for %s, and %s", shown, reason) < 0)
                return -ENOMEM;
        return CONFIG_E_INVALID;
}

int config_adopt_names(Config *config, char *const *names, char **ret_reason)
{
        _cleanup_strv_free_ char **list = NULL;
        int r;

        if (strv_length(names) > CONFIG_IDENTIFIERS_MAX)
                return refuse_name("more than 100 names", "that is the limit", ret_reason);
        for (; names && *names; names++) {
                _cleanup_free_ char *name = NULL;
                const char *reason;

                r = identifier_normalize_any(*names, &name, &reason);
                if (r == 0 && !resolve_can_prove(config, name)) {
                        r = IDENTIFIER_E_INVALID;
                        reason = "no type of Challenge= can prove that";
                }
                if (r > 0)
                        return refuse_name(*names, reason, ret_reason);
                if (r == 0)
                        r = strv_append(&list, name);
                if (r < 0)
                        return r;
        }
        strv_sort_unique(list);
        strv_free(config->identifiers);
        config->identifiers = TAKE_PTR(list);
        return 0;
}
