/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of units, as configuration, PID 1 and abstract addresses write them. */

#include "base/macro.h"

#define UNIT_NAME_MAX 255U

/* One unit by its whole name: "nginx.service", "postgresql@15-main.service"; neither a template nor
 * an alias without its type. Spec: systemd.unit(5). */
bool unit_name_is_valid(const char *name);

/* A template, which stands for all its instances: "postgresql@.service". */
bool unit_name_is_template(const char *name);

/* Does an entry stand for the unit? For "a@b.service" these do: itself, and "a@.service". */
bool unit_name_matches(const char *entry, const char *unit);
