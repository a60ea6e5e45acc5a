/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The order in which the files are read, and nothing else: what they may say is in settings.c, how
 * it is written in reader.c, what it comes to in resolve.c.
 *
 * Invariant: a Config that a caller gets is whole and checked; there is no half of one. Nothing is
 * written, nothing is logged, no name is looked up. */

#include "base/escape.h"
#include "base/log.h"
#include "base/name.h"
#include "config/error.h"
#include "config/resolve.h"
#include "config/source.h"
#include "version.h"

typedef struct Loader {
        const char *root;
        Values values;
        char *certificate_file;
        char *ca_file;
        ConfigError *error;
} Loader;

static void loader_done(Loader *loader)
{
        values_done(&loader->values);
        free(loader->certificate_file);
        free(loader->ca_file);
}

void config_free(Config *config)
{
        if (!config)
                return;
        free(config->name);
        strv_free(config->identifiers);
        free(config->ca);
        free(config->directory);
        strv_free(config->origins);
        free(config->trust);
        strv_free(config->contact);
        free(config->webroot_directory);
        free(config->set_family);
        free(config->set_table);
        free(config->set_name);
        strv_free(config->warnings);
        free(config);
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

/* The files of ca.d as people name them. Return: NULL without memory. */
static char *list_cas(const Loader *loader)
{
        static const char *const directories[] = {SYSCONFDIR "/ca.d", VENDORCONFDIR "/ca.d"};
        _cleanup_strv_free_ char **names = NULL;
        char *list;

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *path = NULL;

                if (asprintf(&path, "%s%s", loader->root, directories[i]) < 0) {
                        path = NULL;
                        return NULL;
                }
                if (source_list(path, &names) == -ENOMEM)
                        return NULL;
        }
        STRV_FOREACH (name, names) {
                (*name)[strlen(*name) - strlen(".conf")] = 0;
        }
        return strv_join(names, ", ", &list) < 0 ? NULL : list;
}

static int refuse_ca(Loader *loader, const ValueWord *ca)
{
        _cleanup_free_ char *list = list_cas(loader), *shown = NULL;

        if (!list)
                return -ENOMEM;
        shown = escape_foreign(list, strlen(list), FOREIGN_TEXT_MAX);
        if (!shown)
                return -ENOMEM;
        return config_error_set(loader->error,
                                ca->file,
                                ca->line,
                                "CA",
                                "CA=%s is refused: there is no %s.conf in " SYSCONFDIR
                                "/ca.d and none in " VENDORCONFDIR
                                "/ca.d. Allowed: an https URL, or one of %s",
                                ca->text,
                                ca->text,
                                *shown ? shown : "(there are none)");
}

/* The administrator's file shadows the shipped one of the same name. */
static int read_ca(Loader *loader)
{
        static const char *const directories[] = {SYSCONFDIR "/ca.d", VENDORCONFDIR "/ca.d"};
        const ValueWord *ca = resolve_ca(&loader->values);
        int r;

        if (resolve_ca_is_url(ca))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                free(loader->ca_file);
                if (asprintf(&loader->ca_file,
                             "%s%s/%s.conf",
                             loader->root,
                             directories[i],
                             ca->text) < 0) {
                        loader->ca_file = NULL;
                        return -ENOMEM;
                }
                r = source_read(&loader->values, CONFIG_FILE_CA, loader->ca_file, loader->error);
                if (r != SOURCE_E_MISSING)
                        return r;
        }
        return refuse_ca(loader, ca);
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
                r = read_ca(loader);
        if (r != 0)
                return r;
        return resolve_config(&loader->values,
                              loader->certificate_file,
                              loader->ca_file,
                              config,
                              loader->error);
}

int config_load(const char *name, const char *root, Config **ret, ConfigError *ret_error)
{
        _cleanup_(loader_done) Loader loader = {.root = root, .error = ret_error};
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        *ret_error = (ConfigError){};
        config = calloc(1, sizeof(*config));
        if (!config)
                return -ENOMEM;
        r = load(&loader, name, config);
        if (r != 0) {
                ret_error->warnings = TAKE_PTR(loader.values.warnings);
                return r;
        }
        config->warnings = TAKE_PTR(loader.values.warnings);
        *ret = TAKE_PTR(config);
        return 0;
}
