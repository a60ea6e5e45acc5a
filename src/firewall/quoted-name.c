/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "firewall/quoted-name.h"

#include "json/json.h"

/* Return: NULL without memory. */
static char *quote(const char *s)
{
        _cleanup_json_ struct json_object *string = json_object_new_string(s);
        const char *text;

        if (!string || json_format(string, &text, NULL) < 0)
                return NULL;
        return strdup(text);
}

int quoted_name_init(QuotedName *quoted, const char *family, const char *table, const char *name)
{
        *quoted = (QuotedName){quote(family), quote(table), quote(name)};
        return quoted->family && quoted->table && quoted->name ? 0 : -ENOMEM;
}

void quoted_name_done(QuotedName *quoted)
{
        free(quoted->family);
        free(quoted->table);
        free(quoted->name);
}
