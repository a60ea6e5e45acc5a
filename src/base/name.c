/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names that become unit instances and file names. What passes here has no slash, no dot in front,
 * nothing that a unit name would escape, and can stand in any path. */

#include "base/name.h"

static bool is_inner(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static bool is_outer(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool certificate_name_is_valid(const char *name)
{
        size_t n = 0;

        while (n <= CERTIFICATE_NAME_MAX && is_inner(name[n]))
                n++;
        return n > 0 && n <= CERTIFICATE_NAME_MAX && name[n] == '\0' && is_outer(name[0]) &&
               is_outer(name[n - 1]);
}

bool ca_name_is_valid(const char *name)
{
        return certificate_name_is_valid(name);
}
