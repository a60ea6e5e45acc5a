/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From what the files say to what holds. */

#include "config/values.h"

/* The CA= that holds for the certificate: a name or a URL. values are filled
 * (values_fill_initial()). */
const ValueWord *resolve_ca(const Values *values);
bool resolve_ca_is_url(const ValueWord *ca);

/* Fills in config from values. config->name is set, or NULL for acme.conf alone. With a name, the
 * CA's file, ca_file, has been read unless CA= is a URL, and certificate_file is where Identifiers=
 * would stand. Warnings are appended to values'. Return: 0; CONFIG_E_INVALID, ret_error is filled
 * in then; -ENOMEM. */
int resolve_config(Values *values,
                   const char *certificate_file,
                   const char *ca_file,
                   Config *config,
                   ConfigError *ret_error);
