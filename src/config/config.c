/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The order in which the files are read, and nothing else: what they may say is in settings.c, how
 * it is written in reader.c, what it comes to in resolve.c.
 *
 * Invariant: a Config that a caller gets is whole and checked; there is no half of one. Nothing is
 * written, nothing is logged, no name is looked up. */

#include "base/escape.h"
#include "base/log.h"
#include "base/name.h"
#include "config/account-name.h"
#include "config/ca-name.h"
#include "config/error.h"
#include "config/loader.h"
#include "config/resolve.h"
#include "config/source.h"
#include "version.h"

static void loader_done(Loader *loader)
{
        values_done(&loader->values);
        free(loader->certificate_file);
        free(loader->ca_file);
        free(loader->dns_file);
}

static void free_cas(Config *config)
{
        FOREACH_ARRAY (ca, config->cas, config->n_cas) {
                free(ca->name);
                free(ca->account);
                free(ca->directory);
                strv_free(ca->origins);
                free(ca->trust);
                free(ca->account_key);
        }
        free(config->cas);
}

void config_free(Config *config)
{
        if (!config)
                return;
        free(config->name);
        strv_free(config->identifiers);
        free(config->csr);
        free(config->key_uri);
        free_cas(config);
        strv_free(config->contact);
        strv_free(config->profiles);
        free(config->preferred_chain);
        dns_publisher_free(config->dns);
        deploy_targets_free(config->deploy, config->n_deploy);
        strv_free(config->consumers);
        free(config->webroot_directory);
        free(config->thumbprint);
        free(config->set_family);
        free(config->set_table);
        free(config->set_name);
        strv_free(config->warnings);
        free(config);
}

void config_use_ca(Config *config, size_t i)
{
        const ConfigCa *ca = &config->cas[i];

        assert(i < config->n_cas);
        config->ca = ca->name;
        config->account_key = ca->account_key;
        config->account = ca->account;
        config->directory = ca->directory;
        config->origins = ca->origins;
        config->trust = ca->trust;
        config->terms_of_service_agreed = ca->terms_of_service_agreed;
}

const char *config_variant(const Config *config, size_t i)
{
        return i > 0 ? key_type_family(config->key_types[i]) : NULL;
}

void config_use_key_type(Config *config, size_t i)
{
        assert(i < config->n_key_types);
        config->key_type = config->key_types[i];
        config->variant = config_variant(config, i);
}

size_t config_find_directory(const Config *config, const char *directory)
{
        size_t i;

        for (i = 0; i < config->n_cas; i++)
                if (streq_ptr(config->cas[i].directory, directory))
                        return i;
        return i;
}

size_t config_find_ca(const Config *config, const char *name)
{
        size_t i;

        for (i = 0; i < config->n_cas; i++)
                if (streq_ptr(config->cas[i].name, name))
                        return i;
        return i;
}

void config_log_warnings(char *const *warnings)
{
        for (; warnings && *warnings; warnings++)
                log_warning("%s", *warnings);
}

static int check_name(const char *name, ConfigError *ret_error)
{
        _cleanup_free_ char *shown = NULL;

        if (certificate_name_is_valid(name))
                return 0;
        shown = escape_foreign(name, strlen(name), FOREIGN_TEXT_MAX);
        if (!shown)
                return -ENOMEM;
        return config_error_set(
                        ret_error,
                        NULL,
                        0,
                        NULL,
                        "A certificate cannot be called \"%s\": a name is " CERTIFICATE_NAME_GRAMMAR
                        ". Choose one, and write what the certificate is for as Identifiers= "
                        "into " SYSCONFDIR "/certs/NAME.conf",
                        shown);
}

static int read_main(Loader *loader)
{
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s" SYSCONFDIR "/acme.conf", loader->root) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return source_read_with_dropins(&loader->values, CONFIG_FILE_MAIN, path, loader->error);
}

static int read_certificate(Loader *loader, const char *name)
{
        if (asprintf(&loader->certificate_file,
                     "%s" SYSCONFDIR "/certs/%s.conf",
                     loader->root,
                     name) < 0) {
                loader->certificate_file = NULL;
                return -ENOMEM;
        }
        return source_read_with_dropins(&loader->values,
                                        CONFIG_FILE_CERTIFICATE,
                                        loader->certificate_file,
                                        loader->error);
}

static int read_dns(Loader *loader)
{
        const ValueWord *name = resolve_dns_publisher(&loader->values);
        int r;

        if (!name)
                return 0;
        if (asprintf(&loader->dns_file,
                     "%s" SYSCONFDIR "/dns.d/%s.conf",
                     loader->root,
                     name->text) < 0) {
                loader->dns_file = NULL;
                return -ENOMEM;
        }
        r = source_read(&loader->values, CONFIG_FILE_DNS, loader->dns_file, loader->error);
        if (r != SOURCE_E_MISSING)
                return r;
        return config_error_set(loader->error,
                                name->file,
                                name->line,
                                "DNSPublisher",
                                "DNSPublisher=%s is refused: there is no %s.conf in " SYSCONFDIR
                                "/dns.d",
                                name->text,
                                name->text);
}

static int load(Loader *loader, const char *name, Config *config)
{
        int r;

        if (name) {
                r = check_name(name, loader->error);
                if (r != 0)
                        return r;
                r = free_and_strdup(&config->name, name);
                if (r < 0)
                        return r;
        }
        r = read_main(loader);
        if (r == 0 && name)
                r = read_certificate(loader, name);
        if (r == 0)
                r = values_fill_initial(&loader->values, loader->error);
        if (r == 0 && name)
                r = loader->is_staging ? loader_load_twins(loader, config)
                                       : loader_load_cas(loader, config);
        if (r == 0 && name)
                r = read_dns(loader);
        if (r != 0)
                return r;
        return resolve_config(&loader->values,
                              &(ConfigFiles){.certificate = loader->certificate_file,
                                             .root = loader->root,
                                             .dns = loader->dns_file},
                              config,
                              loader->error);
}

static int check_account_name(const char *name, char **ret_ca, char **ret_label, ConfigError *error)
{
        _cleanup_free_ char *shown = NULL;
        int r;

        r = account_name_parse(name, ret_ca, ret_label);
        if (r != -EINVAL)
                return r;
        shown = escape_foreign(name, strlen(name), FOREIGN_TEXT_MAX);
        if (!shown)
                return -ENOMEM;
        return config_error_set(
                        error,
                        NULL,
                        0,
                        NULL,
                        "An account cannot be called \"%s\": its name is that of a CA's file "
                        "in ca.d, such as letsencrypt, or, with Account=LABEL, CA@LABEL",
                        shown);
}

/* Is ca the name of the CA that acme.conf has by its URL? Return: 0, *ret is NULL when not; -errno.
 */
static int find_url(const Loader *loader, const char *ca, char **ret)
{
        const Value *value = &loader->values.values[SECTION_DEFAULTS][DEFAULTS_CA];

        FOREACH_ARRAY (word, value->words, value->n_words) {
                _cleanup_free_ char *name = NULL;
                int r;

                if (!resolve_ca_is_url(word))
                        continue;
                r = ca_name_from_url(word->text, &name);
                if (r < 0)
                        return r;
                if (streq(name, ca))
                        return free_and_strdup(ret, word->text);
        }
        return 0;
}

/* As if acme.conf said so. */
static int say_account(Loader *loader, const char *ca, const char *label)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *url = NULL;
        int length, r;

        r = find_url(loader, ca, &url);
        if (r < 0)
                return r;
        length = asprintf(&text, "[Defaults]\nCA=\nCA=%s\nAccount=%s\n", url ?: ca, label ?: "");
        if (length < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return values_read(&loader->values,
                           CONFIG_FILE_MAIN,
                           "the account's name",
                           text,
                           (size_t) length,
                           loader->error);
}

static int load_account(Loader *loader, const char *account, Config *config)
{
        _cleanup_free_ char *ca = NULL, *label = NULL;
        int r;

        r = check_account_name(account, &ca, &label, loader->error);
        if (r == 0)
                r = read_main(loader);
        if (r == 0)
                r = say_account(loader, ca, label);
        if (r == 0)
                r = values_fill_initial(&loader->values, loader->error);
        if (r == 0)
                r = loader_load_cas(loader, config);
        if (r == 0)
                r = resolve_account(&loader->values, config);
        return r;
}

/* r: of the load. */
static int finish(Loader *loader, int r, Config **config, Config **ret)
{
        char ***warnings = r == 0 ? &(*config)->warnings : &loader->error->warnings;

        *warnings = TAKE_PTR(loader->values.warnings);
        if (r == 0)
                *ret = TAKE_PTR(*config);
        return r;
}

int config_load_account(const char *account, const char *root, Config **ret, ConfigError *ret_error)
{
        _cleanup_(loader_done) Loader loader = {.root = root, .error = ret_error};
        _cleanup_(config_freep) Config *config = NULL;

        *ret_error = (ConfigError){};
        config = calloc(1, sizeof(*config));
        if (!config)
                return -ENOMEM;
        return finish(&loader, load_account(&loader, account, config), &config, ret);
}

static int load_and_finish(Loader *loader, const char *name, Config **ret)
{
        _cleanup_(config_freep) Config *config = NULL;

        *loader->error = (ConfigError){};
        config = calloc(1, sizeof(*config));
        if (!config)
                return -ENOMEM;
        return finish(loader, load(loader, name, config), &config, ret);
}

int config_load(const char *name, const char *root, Config **ret, ConfigError *ret_error)
{
        _cleanup_(loader_done) Loader loader = {.root = root, .error = ret_error};

        return load_and_finish(&loader, name, ret);
}

int config_load_staging(const char *name, const char *root, Config **ret, ConfigError *ret_error)
{
        _cleanup_(loader_done)
                        Loader loader = {.root = root, .is_staging = true, .error = ret_error};

        return load_and_finish(&loader, name, ret);
}
