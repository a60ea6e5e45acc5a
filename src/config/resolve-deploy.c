/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The targets of one certificate, and what no single value can show: two files at one path, a
 * password that is missing, an order that nothing can have. */

#include "base/escape.h"
#include "base/variant.h"
#include "config/command-line.h"
#include "config/error.h"
#include "config/resolve.h"
#include "config/verify-endpoint.h"

static const Setting *setting_of(size_t key)
{
        return &sections[SECTION_DEPLOY].settings[key];
}

static int copy_text(const LabelledValues *said, size_t key, char **ret)
{
        const Value *value = &said->values[key];

        return free_and_strdup(ret, value->n_words > 0 ? value->words[0].text : NULL);
}

static int copy_texts(const LabelledValues *said, DeployTarget *target)
{
        struct {
                size_t key;
                char **ret;
        } texts[] = {
                        {TARGET_OWNER, &target->owner},
                        {TARGET_GROUP, &target->group},
                        {TARGET_PKCS12_PASSWORD, &target->pkcs12_password},
                        {TARGET_AFTER, &target->after},
        };
        int r = 0;

        for (DeployFile file = 0; r == 0 && file < DEPLOY_FILE_MAX; file++)
                r = copy_text(said, file, &target->paths[file]);
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(texts); i++)
                r = copy_text(said, texts[i].key, texts[i].ret);
        return r;
}

static int copy_lists(const LabelledValues *said, DeployTarget *target)
{
        int r;

        r = resolve_words(&said->values[TARGET_RELOAD], &target->reload);
        if (r == 0)
                r = resolve_words(&said->values[TARGET_RESTART], &target->restart);
        if (r == 0)
                r = resolve_words(&said->values[TARGET_TRY_RELOAD], &target->try_reload);
        return r;
}

/* What has passed its check cannot fail for another reason than memory. */
static int parse_values(const LabelledValues *said, DeployTarget *target)
{
        const Value *mode = &said->values[TARGET_MODE], *exec = &said->values[TARGET_EXEC];
        const Value *verify = &said->values[TARGET_VERIFY];
        const char *reason;

        target->has_mode = mode->n_words > 0;
        if (target->has_mode)
                target->mode = (mode_t) strtoul(mode->words[0].text, NULL, 8);
        if (exec->n_words > 0 &&
            command_line_split(exec->words[0].text, &target->exec, &reason) != 0)
                return -ENOMEM;
        if (verify->n_words > 0)
                target->verify = calloc(verify->n_words, sizeof(VerifyEndpoint));
        if (verify->n_words > 0 && !target->verify)
                return -ENOMEM;
        for (; target->n_verify < verify->n_words; target->n_verify++)
                if (verify_endpoint_parse(verify->words[target->n_verify].text,
                                          &target->verify[target->n_verify],
                                          &reason) != 0)
                        return -ENOMEM;
        return 0;
}

static int make_target(const LabelledValues *said, DeployTarget *target)
{
        int r;

        target->line = said->line;
        r = free_and_strdup(&target->label, said->label);
        if (r == 0)
                r = free_and_strdup(&target->file, said->file);
        if (r == 0)
                r = copy_texts(said, target);
        if (r == 0)
                r = copy_lists(said, target);
        if (r == 0)
                r = parse_values(said, target);
        return r;
}

/* An export without a password would be a key in the clear; one with a password that nobody uses is
 * a mistake. */
static int check_password(Values *values, const LabelledValues *said, ConfigError *ret_error)
{
        const Value *pkcs12 = &said->values[DEPLOY_PKCS12];
        const Value *password = &said->values[TARGET_PKCS12_PASSWORD];

        if (pkcs12->n_words == 0 && password->n_words > 0)
                return values_warn(values,
                                   password->words[0].file,
                                   password->words[0].line,
                                   "PKCS12Password= is used with PKCS12= only");
        if (pkcs12->n_words == 0 || password->n_words > 0)
                return 0;
        return config_error_set(ret_error,
                                pkcs12->words[0].file,
                                pkcs12->words[0].line,
                                "PKCS12",
                                "PKCS12= needs PKCS12Password= in the same section. Allowed: %s",
                                setting_of(TARGET_PKCS12_PASSWORD)->allowed);
}

static int refuse_path(const LabelledValues *said,
                       const LabelledValues *first,
                       DeployFile file,
                       DeployFile first_file,
                       ConfigError *ret_error)
{
        const ValueWord *word = &said->values[file].words[0];
        const ValueWord *first_word = &first->values[first_file].words[0];
        _cleanup_free_ char *shown = escape_foreign(first_word->file,
                                                    strlen(first_word->file),
                                                    FOREIGN_TEXT_MAX);

        if (!shown)
                return -ENOMEM;
        return config_error_set(ret_error,
                                word->file,
                                word->line,
                                deploy_file_to_string(file),
                                "%s=%s is refused: it is %s= of [Deploy %s] already, from %s:%u. "
                                "Allowed: a path of its own for each file",
                                deploy_file_to_string(file),
                                word->text,
                                deploy_file_to_string(first_file),
                                first->label,
                                shown,
                                first_word->line);
}

/* Is the file that targets[i] has one that an earlier target, or this one, has as well? */
static int check_path(const Values *values, size_t i, DeployFile file, ConfigError *ret_error)
{
        const LabelledValues *said = &values->targets[i];
        const Value *path = &said->values[file];

        for (size_t j = 0; path->n_words > 0 && j <= i; j++) {
                const LabelledValues *other = &values->targets[j];
                DeployFile end = j < i ? DEPLOY_FILE_MAX : file;

                for (DeployFile f = 0; f < end; f++)
                        if (other->values[f].n_words > 0 &&
                            streq(other->values[f].words[0].text, path->words[0].text))
                                return refuse_path(said, other, file, f, ret_error);
        }
        return 0;
}

/* Where the files of the second key type go. Return: 0, -ENOMEM. */
static int add_second_paths(const Config *config, DeployTarget *target)
{
        int r = 0;

        if (config->n_key_types < 2)
                return 0;
        for (DeployFile file = 0; r == 0 && file < DEPLOY_FILE_MAX; file++)
                if (target->paths[file])
                        r = variant_path(target->paths[file],
                                         config_variant(config, 1),
                                         &target->second_paths[file]);
        return r;
}

static bool has_path(const Config *config, const char *path, const char *besides)
{
        FOREACH_ARRAY (target, config->deploy, config->n_deploy)
                for (size_t i = 0; i < DEPLOY_PATHS_MAX; i++) {
                        const char *other = deploy_target_path(target, i);

                        if (other && other != besides && streq(other, path))
                                return true;
                }
        return false;
}

/* Nobody has written these paths down; that one of them is taken has to be said with the one that
 * it is made of. */
static int
check_second_paths(const Values *values, const Config *config, size_t i, ConfigError *ret_error)
{
        for (DeployFile file = 0; file < DEPLOY_FILE_MAX; file++) {
                const char *path = config->deploy[i].second_paths[file];
                const ValueWord *word = values->targets[i].values[file].words;

                if (path && has_path(config, path, path))
                        return config_error_set(ret_error,
                                                word->file,
                                                word->line,
                                                deploy_file_to_string(file),
                                                "%s=%s is refused: KeyType= has two types, and the "
                                                "file of the second one, %s, is another file "
                                                "already. Allowed: a path of its own for each file",
                                                deploy_file_to_string(file),
                                                word->text,
                                                path);
        }
        return 0;
}

static const DeployTarget *find_after(const Config *config, const DeployTarget *target)
{
        FOREACH_ARRAY (other, config->deploy, config->n_deploy) {
                if (target->after && streq(other->label, target->after))
                        return other;
        }
        return NULL;
}

/* Follows After= from targets[i] on. */
static int check_after(const Values *values, const Config *config, size_t i, ConfigError *ret_error)
{
        const DeployTarget *target = &config->deploy[i], *at = find_after(config, target);
        const ValueWord *word = values->targets[i].values[TARGET_AFTER].words;

        if (!target->after)
                return 0;
        if (!at)
                return config_error_set(ret_error,
                                        word->file,
                                        word->line,
                                        "After",
                                        "After=%s is refused: there is no section [Deploy %s] with "
                                        "a setting in it. Allowed: %s",
                                        word->text,
                                        word->text,
                                        setting_of(TARGET_AFTER)->allowed);
        for (size_t steps = 0; at && steps < config->n_deploy; steps++) {
                if (at == target)
                        return config_error_set(ret_error,
                                                word->file,
                                                word->line,
                                                "After",
                                                "After=%s is refused: [Deploy %s] would come after "
                                                "itself. Allowed: %s",
                                                word->text,
                                                target->label,
                                                setting_of(TARGET_AFTER)->allowed);
                at = find_after(config, at);
        }
        return 0;
}

int resolve_deploy(Values *values, Config *config, ConfigError *ret_error)
{
        int r = 0;

        if (values->n_targets == 0)
                return 0;
        config->deploy = calloc(values->n_targets, sizeof(DeployTarget));
        if (!config->deploy)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < values->n_targets; i++) {
                config->n_deploy++;
                r = make_target(&values->targets[i], &config->deploy[i]);
                if (r == 0)
                        r = check_password(values, &values->targets[i], ret_error);
                for (DeployFile file = 0; r == 0 && file < DEPLOY_FILE_MAX; file++)
                        r = check_path(values, i, file, ret_error);
                if (r == 0)
                        r = add_second_paths(config, &config->deploy[i]);
        }
        for (size_t i = 0; r == 0 && i < config->n_deploy; i++)
                r = check_second_paths(values, config, i, ret_error);
        for (size_t i = 0; r == 0 && i < config->n_deploy; i++)
                r = check_after(values, config, i, ret_error);
        return r;
}
