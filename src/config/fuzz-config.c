/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes, as each kind of file, one on top of the other: what comes out is either one error with
 * a message, or a configuration that is whole. */

#include "acme/url.h"
#include "base/name.h"
#include "config/account-name.h"
#include "config/identifier.h"
#include "config/resolve.h"
#include "config/unit-name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
        if (!condition)
                abort();
}

static int
read_as(Values *values, ConfigFile kind, const uint8_t *data, size_t size, ConfigError *error)
{
        _cleanup_free_ char *text = malloc(size + 1);

        if (!text)
                return -ENOMEM;
        memcpy(text, data, size);
        text[size] = 0;
        return values_read(values, kind, config_file_to_string(kind), text, size, error);
}

static void check_error(const ConfigError *error)
{
        check(error->message && *error->message && !error->warnings);
        for (const char *p = error->message; *p; p++)
                check((unsigned char) *p >= 0x20 && *p != 0x7f);
}

static void check_target(const DeployTarget *target)
{
        check(deploy_label_is_valid(target->label));
        check(target->file && target->line > 0);
        check(!target->paths[DEPLOY_PKCS12] || target->pkcs12_password);
        for (DeployFile file = 0; file < DEPLOY_FILE_MAX; file++) {
                const char *path = target->paths[file];

                check(!path || (path[0] == '/' && strchr(path + 1, '/')));
                check(!path || (!strstr(path, "/../") && !startswith(path, "/etc/acme/")));
                check(!deploy_file_has_key(file) || !(deploy_target_mode(target, file) & 0007));
                check(!(deploy_target_mode(target, file) & 07113));
        }
        STRV_FOREACH (unit, target->reload)
                check(unit_name_is_valid(*unit));
        check(!target->exec || target->exec[0][0] == '/');
        FOREACH_ARRAY (endpoint, target->verify, target->n_verify)
                check(endpoint->host && *endpoint->host && endpoint->port > 0 && endpoint->text);
}

static void check_config(const Config *config)
{
        check(config->n_listen > 0 && config->n_listen <= CONFIG_LISTEN_MAX);
        check(config->webroot_directory && config->webroot_directory[0] == '/');
        check((config->firewall_mode == FIREWALL_SET) == !!config->set_name);
        check(strv_length(config->identifiers) > 0);
        check(strv_length(config->identifiers) <= CONFIG_IDENTIFIERS_MAX);
        STRV_FOREACH (identifier, config->identifiers) {
                _cleanup_free_ char *again = NULL;
                const char *reason;

                check(strlen(*identifier) <= CONFIG_IDENTIFIER_BYTES_MAX);
                check(identifier_normalize_any(*identifier, &again, &reason) == 0);
                check(streq(again, *identifier));
        }
        FOREACH_ARRAY (target, config->deploy, config->n_deploy)
                check_target(target);
        check(config->n_deploy <= DEPLOY_TARGETS_MAX);
        check(ca_name_is_valid(config->ca));
        check(account_name_is_valid(config->account));
        check(acme_url_has_origin(config->directory, config->origins));
        check(key_type_to_string(config->key_type) && key_type_to_string(config->account_key_type));
}

/* All with the same ca.d/NAME.conf. */
static int resolve_each_ca(const Values *values, Config *config, ConfigError *error)
{
        const Value *cas = resolve_cas(values);
        int r = 0;

        check(cas->n_words > 0 && cas->n_words <= CONFIG_CAS_MAX);
        config->cas = calloc(cas->n_words, sizeof(ConfigCa));
        if (!config->cas)
                return -ENOMEM;
        FOREACH_ARRAY (ca, cas->words, cas->n_words)
                if (r == 0)
                        r = resolve_ca(values,
                                       ca,
                                       "ca.d/NAME.conf",
                                       &config->cas[config->n_cas++],
                                       error);
        if (r == 0)
                config_use_ca(config, config->n_cas - 1);
        return r;
}

/* Every file has been read: what do they come to? */
static int resolve(Values *values, ConfigError *error)
{
        static const ConfigFiles files = {"certs/NAME.conf", "dns.d/NAME.conf"};
        _cleanup_(config_freep) Config *config = calloc(1, sizeof(*config));
        int r;

        if (!config || !(config->name = strdup("example.org")))
                return -ENOMEM;
        r = values_fill_initial(values, error);
        if (r == 0)
                r = resolve_each_ca(values, config, error);
        if (r == 0)
                r = resolve_config(values, &files, config, error);
        if (r == 0)
                check_config(config);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        ConfigError error = {};
        Values values = {};
        int r = 0;

        for (ConfigFile kind = 0; r == 0 && kind < CONFIG_FILE_MAX; kind++)
                r = read_as(&values, kind, data, size, &error);
        if (r == 0)
                r = resolve(&values, &error);
        if (r == CONFIG_E_INVALID)
                check_error(&error);
        else
                check(r == 0 || r == -ENOMEM);
        values_done(&values);
        config_error_done(&error);
        return 0;
}
