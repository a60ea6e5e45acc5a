/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The CAs of CA=, each with its file; or, for a dry run, their staging twins in their place. */

#include "base/escape.h"
#include "config/error.h"
#include "config/loader.h"
#include "config/resolve.h"
#include "config/source.h"
#include "version.h"

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

/* key: that has named it. */
static int refuse_ca(Loader *loader, const ValueWord *ca, const char *key)
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
                                key,
                                "%s=%s is refused: there is no %s.conf in " SYSCONFDIR
                                "/ca.d and none in " VENDORCONFDIR
                                "/ca.d. Allowed: an https URL, or one of %s",
                                key,
                                ca->text,
                                ca->text,
                                *shown ? shown : "(there are none)");
}

/* What ca.d says of it. The administrator's file shadows the shipped one of the same name. */
static int read_ca(Loader *loader, const ValueWord *ca, const char *key)
{
        static const char *const directories[] = {SYSCONFDIR "/ca.d", VENDORCONFDIR "/ca.d"};
        int r;

        values_clear(&loader->values, SECTION_CA);
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
        return refuse_ca(loader, ca, key);
}

int loader_load_cas(Loader *loader, Config *config)
{
        const Value *cas = resolve_cas(&loader->values);

        config->cas = calloc(cas->n_words, sizeof(ConfigCa));
        if (!config->cas)
                return -ENOMEM;
        FOREACH_ARRAY (ca, cas->words, cas->n_words) {
                int r = read_ca(loader, ca, "CA");

                if (r == 0)
                        r = resolve_ca(&loader->values,
                                       ca,
                                       loader->ca_file,
                                       &config->cas[config->n_cas++],
                                       loader->error);
                if (r != 0)
                        return r;
        }
        config_use_ca(config, 0);
        return 0;
}

/* In the place of a CA, whose file has been read, its twin. Return: 0, also when it has none. */
static int load_twin(Loader *loader, const ValueWord *ca, Config *config)
{
        const Value *staging = &loader->values.values[SECTION_CA][CA_STAGING];
        _cleanup_free_ char *directory = NULL, *text = NULL;
        ConfigCa *twin = &config->cas[config->n_cas];
        ValueWord word;
        int r;

        if (staging->n_words == 0)
                return 0;
        /* What the CA's file has said is forgotten when its twin's is read. */
        word = staging->words[0];
        text = strdup(word.text);
        r = text ? free_and_strdup(&directory, resolve_directory(&loader->values, ca)) : -ENOMEM;
        word.text = text;
        if (r == 0)
                r = read_ca(loader, &word, "Staging");
        if (r != 0)
                return r;
        config->n_cas++;
        r = resolve_ca(&loader->values, &word, loader->ca_file, twin, loader->error);
        if (r == 0 && streq_ptr(twin->directory, directory))
                return config_error_set(loader->error,
                                        word.file,
                                        word.line,
                                        "Staging",
                                        "Staging=%s is refused: it is the CA itself, whose "
                                        "certificates are real ones",
                                        word.text);
        return r;
}

/* A CA without one cannot be tried out. */
int loader_load_twins(Loader *loader, Config *config)
{
        const Value *cas = resolve_cas(&loader->values);
        const ValueWord *first = &cas->words[0];

        config->cas = calloc(cas->n_words, sizeof(ConfigCa));
        if (!config->cas)
                return -ENOMEM;
        FOREACH_ARRAY (ca, cas->words, cas->n_words) {
                int r = read_ca(loader, ca, "CA");

                if (r == 0)
                        r = load_twin(loader, ca, config);
                if (r != 0)
                        return r;
        }
        if (config->n_cas == 0)
                return config_error_set(loader->error,
                                        first->file,
                                        first->line,
                                        "CA",
                                        "A dry run needs a CA with a staging twin, and CA=%s has "
                                        "none: write Staging=, the twin's name or directory URL, "
                                        "into the section [CA] of the CA's file in " SYSCONFDIR
                                        "/ca.d",
                                        first->text);
        config_use_ca(config, 0);
        config->is_dry_run = true;
        return 0;
}
