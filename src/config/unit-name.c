/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* systemd's grammar, so that what passes here can be handed to PID 1 and stands for one unit. */

#include "config/unit-name.h"

#define LETTERS                                                                                    \
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"                           \
        ":_.\\-"

static const char *const types[] = {
                ".service",
                ".socket",
                ".target",
                ".timer",
                ".path",
                ".mount",
                ".automount",
                ".swap",
                ".slice",
                ".scope",
                ".device",
};

/* Of systemd's letters, not too long, and with a type: where that begins; else NULL. */
static const char *find_type(const char *name)
{
        const char *type = strrchr(name, '.');

        if (!type || type == name || strlen(name) > UNIT_NAME_MAX ||
            strspn(name, LETTERS "@") < strlen(name))
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(type, types[i]))
                        return type;
        return NULL;
}

bool unit_name_is_valid(const char *name)
{
        const char *type = find_type(name), *at = strchr(name, '@');

        /* Something before the first '@', and something between it and the type. */
        return type && (!at || (at > name && at + 1 < type));
}

bool unit_name_is_template(const char *name)
{
        const char *type = find_type(name), *at = strchr(name, '@');

        return type && at && at > name && at + 1 == type;
}

bool unit_name_matches(const char *entry, const char *unit)
{
        const char *at = strchr(unit, '@'), *type = strrchr(unit, '.');
        size_t prefix;

        if (streq(entry, unit))
                return true;
        if (!at || !type || type < at)
                return false;
        prefix = (size_t) (at - unit) + 1;
        return strncmp(entry, unit, prefix) == 0 && streq(entry + prefix, type);
}
