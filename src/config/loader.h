/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of config.c share while a configuration is read. */

#include "config/values.h"

typedef struct Loader {
        const char *root;
        bool is_staging;
        Values values;
        char *certificate_file;
        char *ca_file;
        char *dns_file;
        ConfigError *error;
} Loader;

/* Fill in config->cas, of which the first is under way then; the other settings have been read.
 * Return: as config_load(). */
int loader_load_cas(Loader *loader, Config *config);

/* The same of their twins: it is enough that one CA has one. */
int loader_load_twins(Loader *loader, Config *config);
